/** An extraction of administrators over a socket into files. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync, readFileSync } from "node:fs"
import * as Tables from "../../../pipelines/admins/Tables.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import type { Row, Table } from "../../../src/Table.ts"
import { flatten } from "../../oracle/AdminFlatten.ts"
import { command } from "../../support/processes/command.ts"
import { allSinks, contents, inFolder, settings } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"
import { key, one, phone, token } from "./administrators.ts"

const ada = {
  admin_id: "DEADA",
  name: "Ada",
  email: "ada@example.com",
  phone: "+15550100001",
  role: "Owner",
  status: "Active",
  created: 1_700_000_000,
  last_login: 1_790_000_000,
  password_change_required: false,
  restricted_by_admin_units: false,
  admin_units: [],
  hardtoken: token,
  phone_details: [phone],
  webauthncredentials: [key]
}
const bea = { ...ada, admin_id: "DEBEA", name: "Bea", phone: null, hardtoken: null, phone_details: [] }
const cem = { admin_id: "DECEM", name: "Cem", email: "cem@example.com", phone: "+15550100003", role: "Help Desk" }

const duoWith = (admins: ReadonlyArray<Tenant.Tenant | object>, options: Options = {}) =>
  serve({ tenant: Tenant.fromUsers([], [], JSON.parse(JSON.stringify(admins))), ...options })

describe("extract admins", () => {
  it.live("writes them to every sink, where other readers find Duo's values and verify agrees", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* duoWith([ada, bea, cem])
      const { code, stderr, stdout } = yield* command(
        folder,
        ["extract", "admins", "--json", ...allSinks],
        settings(duo)
      )
      assert.strictEqual(code, 0, stderr)
      const summary = JSON.parse(stdout)
      assert.deepInclude(summary, { complete: true, admins: 3, total_objects: 3, phishing_resistant: 2 })
      assert.deepInclude(summary, {
        rows: { admins: 3, admin_methods: 5 },
        tables_collected: ["admins", "admin_methods"]
      })
      const run = {
        run_id: summary.run_id,
        observed_at: BigInt(Date.parse(summary.observed_at)) * 1000n,
        tenant: duo.host
      }
      const rows = [ada, bea, cem].map((admin) => flatten(run, one(admin)))
      const expected: ReadonlyArray<readonly [Table, ReadonlyArray<Row>]> = [
        [Tables.admins, rows.flatMap(({ admins }) => admins)],
        [Tables.adminMethods, rows.flatMap(({ admin_methods }) => admin_methods)]
      ]
      const inOrder = (some: ReadonlyArray<Row>) =>
        some.toSorted((a, b) =>
          `${String(a["admin_id"])} ${String(a["method_kind"])}` <
              `${String(b["admin_id"])} ${String(b["method_kind"])}`
            ? -1
            : 1
        )
      for (const [table, should] of expected) {
        for (
          const [name, read] of [
            ["duo.duckdb", readers.duckdb],
            ["parquet", readers.parquet],
            ["ndjson", readers.ndjson],
            ["csv", readers.csv]
          ] as const
        ) {
          const found = yield* Effect.orDie(
            Effect.scoped(read(`${folder}/data/${name}`, run, table)).pipe(Effect.provide(NodeServices.layer))
          )
          assert.deepStrictEqual(inOrder(found), inOrder(should), `${name} ${table.name}`)
        }
      }
      const verified = yield* command(folder, ["verify"])
      assert.strictEqual(verified.code, 0, verified.stderr)
      assert.strictEqual(verified.stdout.match(/ same$/gm)?.length, 8)
    })))

  it.live("without the permission ends with 77, names the permission, and leaves no files", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* duoWith([ada], { permissions: ["users", "bypass_codes"] })
      for (const name of ["extract", "check"]) {
        const { code, stderr } = yield* command(folder, [name, "admins"], settings(duo))
        assert.strictEqual(code, 77)
        assert.match(
          stderr,
          /Duo refused \/admin\/v1\/admins: 40301.*tick "Grant administrators" \(to read is enough\)/
        )
      }
      assert.deepStrictEqual(globSync("data/{parquet,ndjson}/**/*.*", { cwd: folder }), [])
      const may = yield* duoWith([ada])
      const { stdout } = yield* command(folder, ["check", "admins"], settings(may))
      assert.match(stdout, /^ok {2}administrators {3}may be read; there are 1\.$/m)
    })))

  it.live("reads a changing list again until it is proved; a list that never settles removes nobody", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const run = (args: ReadonlyArray<string>, options: Options) =>
        Effect.scoped(Effect.gen(function*() {
          const duo = yield* serve({ people: "hostile", users: 0, administrators: 30, port: 27_072, ...options })
          const ended = yield* command(
            folder,
            ["extract", "admins", "--json", "--page-size", "10", "--concurrency", "1", ...args],
            settings(duo)
          )
          assert.strictEqual(ended.code, 0, ended.stderr)
          return { ...JSON.parse(ended.stdout), reached: duo.reached }
        }))
      const leaves = (at: number) => ({ fault: "edit", edit: { edit: "remove_admin", at } }) as const
      const behind = yield* run(["--dry-run"], { scenario: [{ when: { offset: 9, times: 1 }, do: leaves(25) }] })
      assert.deepInclude(behind, { complete: true, admins: 29, total_objects: 29, reached: { edit: 1 } })
      assert.isAbove(behind.sweeps, 1)
      yield* run([], {})
      const moving = yield* run([], { scenario: [{ when: { offset: 9 }, do: leaves(25) }] })
      assert.isFalse(moving.complete)
      assert.match(moving.incomplete_reason, /list of admins kept changing/)
      const asked = yield* command(folder, ["sql", "SELECT count(*) FROM admins"])
      assert.strictEqual(asked.stdout.trimEnd().split("\r\n").at(-1), "30")
    })))

  it.live("accepts that three administrators or half of them are gone, unless an option says otherwise, and refuses more", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* duoWith([ada, ...Array.from({ length: 9 }, (_, n) => ({ ...cem, admin_id: `DECEM${n}` }))])
      const run = (...args: ReadonlyArray<string>) => command(folder, ["extract", "admins", ...args], settings(duo))
      const leave = (count: number) => {
        for (let n = 0; n < count; n++) duo.tenant.edit({ edit: "remove_admin", at: 1 })
      }
      assert.strictEqual((yield* run()).code, 0)
      leave(3)
      assert.strictEqual((yield* run("--max-shrink", "10")).code, 0)
      leave(4)
      const before = contents(folder)
      const { code, stderr } = yield* run()
      assert.strictEqual(code, 4)
      assert.match(stderr, /4 of 7 admins are gone since the run before, more than 50 %.*--max-shrink 58/)
      assert.deepStrictEqual(contents(folder), before)
    })))

  it.live("names nobody with --pii drop, and replays a record that names nobody", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* duoWith([ada, bea, cem])
      const env = settings(duo)
      const names = /Ada|Bea|Cem|example\.com|\+1555|100001/
      const kept = (directory: string) =>
        Object.keys(contents(`${folder}/${directory}`)).flatMap((file) =>
          /\.(json|text|ndjson|csv)$/.test(file) ? [readFileSync(`${folder}/${directory}/${file}`, "utf8")] : []
        ).join("\n")
      const dropped = yield* command(folder, [
        "extract",
        "admins",
        "--pii",
        "drop",
        "--sink",
        "ndjson:out?compression=none"
      ], env)
      assert.strictEqual(dropped.code, 0, dropped.stderr)
      assert.notMatch(kept("out"), names)
      assert.include(kept("out"), "DEADA")
      const recorded = yield* command(
        folder,
        ["extract", "admins", "--sink", "csv", "--record", "record", "--pseudonymise"],
        env
      )
      assert.strictEqual(recorded.code, 0, recorded.stderr)
      assert.notMatch(kept("record"), names)
      assert.include(kept("record"), "\"capabilities\": [\"push\", \"sms\"]")
      const replayed = yield* command(folder, ["extract", "admins", "--json", "--sink", "csv", "--replay", "record"], {
        DUO_MFA_DATA: "again"
      })
      assert.strictEqual(replayed.code, 0, replayed.stderr)
      assert.deepInclude(JSON.parse(replayed.stdout), {
        admins: 3,
        phishing_resistant: 2,
        rows: { admins: 3, admin_methods: 5 }
      })
    })))
})
