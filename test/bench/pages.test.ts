import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Pages from "../../bench/Pages.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"

const decode = Schema.decodeUnknownSync(
  Schema.Struct({
    stat: Schema.Literal("OK"),
    metadata: Schema.Struct({ total_objects: Schema.Int, next_offset: Schema.optionalKey(Schema.Int) }),
    response: Schema.Array(Schema.Json)
  })
)

const get = (host: string, path: string) =>
  Effect.promise(async () => decode(await (await fetch(`http://${host}${path}`)).json()))

describe("the bench's server of pages", () => {
  it.live("cuts the emulator's users into pages of any size", () =>
    Effect.gen(function*() {
      const users = [40, 700]
      for (const { tenant: { host }, users: size } of yield* Pages.serve(users)) {
        const tenant = Tenant.make({ people: "hostile", users: size })
        const page = yield* get(host, "/admin/v2/users?limit=10&offset=9")
        assert.deepStrictEqual(page.metadata, { total_objects: size, next_offset: 19 })
        assert.deepStrictEqual(page.response, Array.from({ length: 10 }, (_, at) => JSON.parse(tenant.text(9 + at))))

        const last = yield* get(host, `/admin/v1/users?limit=10&offset=${size - 3}`)
        assert.deepStrictEqual(last.metadata, { total_objects: size })
        assert.lengthOf(last.response, 3)

        const codes = yield* get(host, "/admin/v1/bypass_codes?limit=500")
        assert.deepStrictEqual(
          codes.response,
          Array.from({ length: tenant.bypassCodes() }, (_, at) => JSON.parse(tenant.bypassCode(at)))
        )
        assert.lengthOf((yield* get(host, "/admin/v2/users?limit=9999")).response, Math.min(size, 500))
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})
