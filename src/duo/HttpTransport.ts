/**
 * The HttpClient that carries requests to Duo: undici's `fetch` (keep-alive, gzip), through HTTPS_PROXY and NO_PROXY for
 * Duo's hosts, and never through a proxy to this machine.
 */
import { Effect, Layer } from "effect"
import { FetchHttpClient, type HttpClient } from "effect/http"
import { Credentials } from "./Credentials.ts"

/** Certificates are verified whatever NODE_TLS_REJECT_UNAUTHORIZED says. HTTP/1.1 is what Duo's own clients speak. */
const tls = { rejectUnauthorized: true, allowH2: false }

export const layer: Layer.Layer<HttpClient.HttpClient, never, Credentials> = Layer.unwrap(Effect.gen(function*() {
  const { loopback } = yield* Credentials
  // a bundle knows a CommonJS package only as its default export
  const { default: undici } = yield* Effect.promise(() => import("@effect/platform-node/Undici"))
  const dispatcher = yield* Effect.acquireRelease(
    Effect.sync(() =>
      loopback
        ? new undici.Agent({ allowH2: false })
        : new undici.EnvHttpProxyAgent({ allowH2: false, connect: tls, requestTls: tls, proxyTls: tls })
    ),
    (dispatcher) => Effect.promise(() => dispatcher.destroy())
  )
  const fetch: typeof globalThis.fetch = (input, { headers, signal } = {}) =>
    undici.fetch(input instanceof Request ? input.url : input, {
      headers: new undici.Headers(Object.entries(headers ?? {})),
      signal: signal ?? null,
      redirect: "manual",
      dispatcher
    })
  return FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))
}))
