/**
 * The HttpClient for whatever leaves this machine: undici's `fetch` (keep-alive, gzip), through HTTPS_PROXY and NO_PROXY,
 * and never through a proxy to this machine itself. No redirect is followed.
 */
import { Effect, Layer } from "effect"
import { FetchHttpClient, type HttpClient, type HttpClientError } from "effect/http"
import * as Proxy from "./Proxy.ts"

/** Certificates are verified whatever NODE_TLS_REJECT_UNAUTHORIZED says. HTTP/1.1 is what Duo's own clients speak. */
const tls = { rejectUnauthorized: true, allowH2: false }

/** To other machines, or to this one. */
export const layer = (loopback: boolean): Layer.Layer<HttpClient.HttpClient, Proxy.BadProxy> =>
  Layer.unwrap(Effect.gen(function*() {
    // a bundle knows a CommonJS package only as its default export
    const { default: undici } = yield* Effect.promise(() => import("@effect/platform-node/Undici"))
    const proxies = loopback ? undefined : yield* Proxy.ofEnvironment
    const dispatcher = yield* Effect.acquireRelease(
      Effect.sync(() =>
        proxies === undefined
          ? new undici.Agent({ allowH2: false, connect: tls })
          : new undici.EnvHttpProxyAgent({ ...proxies, allowH2: false, connect: tls, requestTls: tls, proxyTls: tls })
      ),
      (dispatcher) => Effect.promise(() => dispatcher.destroy())
    )
    const fetch: typeof globalThis.fetch = (input, { body, headers, method, signal } = {}) =>
      undici.fetch(input instanceof Request ? input.url : input, {
        method: method ?? "GET",
        body: body instanceof Uint8Array ? body : null,
        headers: new undici.Headers(Object.entries(headers ?? {})),
        signal: signal ?? null,
        redirect: "manual",
        dispatcher
      })
    return FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))
  }))

/** Why no answer came, outermost first: the errors of Node and undici. What they say may name URLs and addresses. */
export const causesOf = ({ reason }: HttpClientError.HttpClientError): ReadonlyArray<object> => {
  const errors: Array<object> = []
  for (let next = reason.cause; typeof next === "object" && next !== null && errors.length < 8;) {
    errors.push(next)
    next = "cause" in next ? next.cause : undefined
  }
  return errors
}

/** The codes of these errors, `ECONNREFUSED`, which name nothing. */
export const codesOf = (errors: ReadonlyArray<object>): ReadonlyArray<string> =>
  errors.flatMap((error) => "code" in error && typeof error.code === "string" ? [error.code] : [])
