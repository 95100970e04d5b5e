/** Duo's real host names: through the proxy of the environment, and never without a certificate that can be trusted. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Runtime } from "effect"
import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { Client } from "../src/duo/Client.ts"
import * as HttpTransport from "../src/duo/HttpTransport.ts"
import { cert, listenBehindProxy } from "./behind-proxy.ts"
import { host, settings, withoutMuchWaiting } from "./duo-fake.ts"

const environment = (values: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = Object.keys(values).map((name) => [name, process.env[name]] as const)
      Object.assign(process.env, values)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name]
          else process.env[name] = value
        }
      })
  )

/** The same for this process; what the two of them have seen. */
const behindProxy = Effect.fnUntraced(function*(status: number) {
  const { proxy, seen } = yield* listenBehindProxy(status)
  yield* environment({ HTTPS_PROXY: proxy, NO_PROXY: "" })
  return seen
})

const call = Client.use((client) => client.call("/admin/v1/users", { limit: "1" })).pipe(
  Effect.provide(Client.layerNoDeps.pipe(Layer.provide(HttpTransport.layer), Layer.provide(Layer.orDie(settings()))))
)

describe("A real host", () => {
  it.effect("is reached through HTTPS_PROXY, inside TLS, once its certificate is trusted", () =>
    Effect.gen(function*() {
      const seen = yield* behindProxy(200)
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          const before = getCACertificates("default")
          setDefaultCACertificates([...before, cert])
          return before
        }),
        (before) => Effect.sync(() => setDefaultCACertificates(before))
      )
      const { response } = yield* call
      assert.deepStrictEqual(response, [])
      assert.deepStrictEqual(seen, { connects: [`${host}:443`], requests: [`${host} /admin/v1/users?limit=1`] })
    }))

  it.effect("is not sent anything, not even with NODE_TLS_REJECT_UNAUTHORIZED=0, if its certificate is not", () =>
    Effect.gen(function*() {
      yield* environment({ NODE_TLS_REJECT_UNAUTHORIZED: "0" })
      const seen = yield* behindProxy(200)
      const error = yield* Effect.flip(call)
      assert.deepStrictEqual(seen, { connects: [`${host}:443`], requests: [] })
      assert.deepInclude(error.reason, { _tag: "Tls", detail: "DEPTH_ZERO_SELF_SIGNED_CERT" })
      assert.strictEqual(error[Runtime.errorExitCode], 69)
    }))

  it.effect("behind a proxy that wants credentials is not asked again", () =>
    Effect.gen(function*() {
      const seen = yield* behindProxy(407)
      const error = yield* Effect.flip(call)
      assert.deepInclude(error.reason, { _tag: "NotDuo", detail: "the proxy answered HTTP 407" })
      assert.lengthOf(seen.connects, 1)
    }))

  it.effect("behind a proxy that is out of order is asked again", () =>
    Effect.gen(function*() {
      const seen = yield* behindProxy(503)
      const error = yield* withoutMuchWaiting(Effect.flip(call))
      assert.deepInclude(error.reason, { _tag: "Transport", detail: "the proxy answered HTTP 503" })
      assert.lengthOf(seen.connects, 6)
    }))
})
