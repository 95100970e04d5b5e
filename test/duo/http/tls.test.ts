/** A connection to one of Duo's host names. The torture matrix has the connections that fail (N10 and N11). */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Client } from "../../../src/duo/http/Client.ts"
import * as HttpTransport from "../../../src/duo/http/HttpTransport.ts"
import { good, key } from "../../support/servers/certificates.ts"
import { host, settings } from "../../support/servers/duo-fake.ts"
import { behindProxy, trust } from "../../support/servers/real-host.ts"

describe("A real host", () => {
  it.effect("is reached through HTTPS_PROXY, inside TLS, once its certificate is trusted", () =>
    Effect.gen(function*() {
      const seen = yield* behindProxy(200, { cert: good, key })
      yield* trust(good)
      const { response } = yield* Client.use((client) => client.call("/admin/v1/users", { limit: "1" })).pipe(
        Effect.provide(
          Client.layerNoDeps.pipe(Layer.provide(HttpTransport.layer), Layer.provide(Layer.orDie(settings())))
        )
      )
      assert.deepStrictEqual(response, [])
      assert.deepStrictEqual(seen, { connects: [`${host}:443`], requests: [`${host} /admin/v1/users?limit=1`] })
    }))
})
