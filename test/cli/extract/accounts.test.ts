/** `extract --accounts`: the children of a parent, each on its own host. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type ParentOptions, serveParent } from "../../../src/emulator/server/Parent.ts"
import { command } from "../../support/processes/command.ts"
import { inFolder, settings } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"

const extract = Effect.fnUntraced(function*(folder: string, options: ParentOptions, ...args: ReadonlyArray<string>) {
  const parent = yield* serveParent({ people: "hostile", users: 20, ...options })
  const ended = yield* command(folder, ["extract", "--accounts", ...args], settings(parent))
  return { parent, ended }
})

describe("extract --accounts", () => {
  it.live("reads every child with the parent's keys, on its own host and with its id in every request", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        const { ended, parent } = yield* extract(folder, { children: 3 })
        assert.strictEqual(ended.code, 0, ended.stderr)
        assert.match(ended.stdout, /^Example Customer 1 {2}20 users/)
        const rows = yield* readers.query(`${folder}/data/duo.duckdb`, "SELECT DISTINCT tenant FROM users ORDER BY 1")
        assert.deepStrictEqual(
          rows.map(({ tenant }) => tenant),
          parent.children.map(({ name }) => name)
        )
        assert.deepStrictEqual(parent.misdirected(), [])
        for (const { account_id, requests } of parent.children) {
          assert.isNotEmpty(requests)
          for (const { params } of requests) assert.deepInclude([...params], ["account_id", account_id])
        }
        assert.deepStrictEqual(parent.requests.map(({ method, path }) => [method, path]), [
          ["POST", "/accounts/v1/account/list"]
        ])
      })
    ))

  it.live("leaves out a child without a host and says so, and names children of one name by their ids", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        const { ended, parent } = yield* extract(folder, {
          children: 3,
          listed: ([first = {}, second = {}, third = {}]) => [
            { ...first, api_hostname: null },
            { ...second, name: "Twin\u001b[2J" },
            { ...third, name: "Twin\u001b[2J" }
          ]
        }, "--json")
        assert.strictEqual(ended.code, 0, ended.stderr)
        const { left_out, tenants } = JSON.parse(ended.stdout)
        const [first, ...twins] = parent.children.map(({ account_id }) => account_id)
        assert.lengthOf(left_out, 1)
        assert.include(left_out[0], `Account ${first} is left out, because it has no API host`)
        assert.deepStrictEqual(
          tenants.map(({ tenant }: { readonly tenant: string }) => tenant),
          twins.map((id) => `Twin [2J ${id}`)
        )
        assert.isEmpty(parent.children[0]?.requests)
      })
    ))

  it.live("keeps the rows of a child under its name when somebody renames it in Duo", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        let name = "Old Name"
        const parent = yield* serveParent({
          users: 20,
          children: 1,
          listed: (accounts) => accounts.map((account) => ({ ...account, name }))
        })
        const run = command(folder, ["extract", "--accounts", "--sink", "duckdb"], settings(parent))
        assert.strictEqual((yield* run).code, 0)
        name = "New Name"
        const { code, stdout } = yield* run
        assert.strictEqual(code, 0)
        assert.match(stdout, /^Old Name {2}20 users/)
      })
    ))

  it.live("fails with the error of the list, and asks no child", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        const parent = yield* serveParent({ people: "hostile", users: 20, children: 2 })
        const env = { ...settings(parent), DUO_IKEY: "DIWRONGWRONGWRONGWRO" }
        const { code, stderr } = yield* command(folder, ["extract", "--accounts"], env)
        assert.strictEqual(code, 77, stderr)
        assert.isTrue(parent.children.every(({ requests }) => requests.length === 0))
        const both = yield* command(folder, ["extract", "--accounts", "--tenants", "x"], env)
        assert.strictEqual(both.code, 64)
      })
    ))
})
