/**
 * The HttpClient for all requests: undici's `fetch`, with keep-alive and gzip. It respects HTTPS_PROXY and NO_PROXY,
 * and uses no proxy for this machine itself. It never follows a redirect.
 */
import { Effect, Layer } from "effect"
import { FetchHttpClient, type HttpClient, type HttpClientError } from "effect/http"
import * as Proxy from "./Proxy.ts"

/** Verifies certificates even if NODE_TLS_REJECT_UNAUTHORIZED is 0. Uses HTTP/1.1, because Duo's own clients do. */
const tls = { rejectUnauthorized: true, allowH2: false }

/** The client for this machine if `loopback` is true, otherwise for all other machines. */
export const layer = (loopback: boolean): Layer.Layer<HttpClient.HttpClient, Proxy.BadProxy> =>
  Layer.unwrap(Effect.gen(function*() {
    // in a bundle, a CommonJS package has only a default export
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

/**
 * The errors of Node and undici because of which no answer came, outermost first. Their texts may have URLs and
 * addresses.
 */
export const causesOf = ({ reason }: HttpClientError.HttpClientError): ReadonlyArray<object> => {
  const errors: Array<object> = []
  for (let next = reason.cause; typeof next === "object" && next !== null && errors.length < 8;) {
    errors.push(next)
    next = "cause" in next ? next.cause : undefined
  }
  return errors
}

/** The codes of these errors, such as `ECONNREFUSED`. A code has no URL and no address. */
export const codesOf = (errors: ReadonlyArray<object>): ReadonlyArray<string> =>
  errors.flatMap((error) => "code" in error && typeof error.code === "string" ? [error.code] : [])
