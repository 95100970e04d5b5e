/** The pipeline `admins`: the rows of an administrator, and an extraction over a socket into files. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { globSync, readFileSync } from "node:fs"
import * as Tables from "../../pipelines/admins/Tables.ts"
import { type Admin, decodeAdmins } from "../../src/duo/wire/Admin.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import type { Row, Table } from "../../src/Table.ts"
import { flatten } from "../oracle/AdminFlatten.ts"
import * as Tally from "../oracle/AdminTally.ts"
import * as Strength from "../oracle/Strength.ts"
import { command } from "../support/command.ts"
import { allSinks, contents, inFolder, settings } from "../support/program.ts"
import * as readers from "../support/readers.ts"

const stamp = { run_id: "run", observed_at: 1_795_464_900_000_000n, tenant: "api-00000000.duosecurity.com" }

const decode = (...admins: ReadonlyArray<unknown>) => Result.getOrThrow(decodeAdmins(admins))

const one = (admin: unknown): Admin => {
  const [decoded] = decode(admin).values
  assert(decoded !== undefined)
  return decoded
}

/**
 * An administrator of the emulator's invented tenants, in which every factor, role and status occurs, with and without lists.
 */
const Somebody = Schema.Struct({
  seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })),
  index: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 }))
})
const invent = ({ index, seed }: typeof Somebody.Type): Admin =>
  one(JSON.parse(Tenant.make({ users: 0, seed, administrators: index + 1 }).admin(index)))

const phone = {
  phone_id: "DP1",
  number: "+15550100001",
  type: "Mobile",
  activated: true,
  capabilities: ["push", "sms"]
}
const token = { token_id: "DH1", serial: "100001", type: "h6", totp_step: null }
const key = { webauthnkey: "WA1", credential_name: "Key", label: "Security Key", date_added: 1_790_000_000 }

describe("an administrator's rows", () => {
  it.prop("have the columns of the tables, in their order, and never an empty text", [Somebody], ([somebody]) => {
    const rows = flatten(stamp, invent(somebody))
    for (const table of [Tables.admins, Tables.adminMethods]) {
      for (const row of rows[table.name as keyof typeof rows]) {
        assert.deepStrictEqual(Object.keys(row), table.columns.map(({ name }) => name))
        assert.notInclude(Object.values(row), "")
        for (const { name, required } of table.columns) if (required) assert.isNotNull(row[name as keyof typeof row])
      }
    }
  })

  it.prop("are one of admins, and one of admin_methods a factor with a key of its own", [Somebody], ([somebody]) => {
    const admin = invent(somebody)
    const { admin_methods, admins } = flatten(stamp, admin)
    const listed = Math.max(admin.phone_details?.length ?? 0, admin.phone === null ? 0 : 1) +
      (admin.hardtoken === null ? 0 : 1) + (admin.webauthncredentials?.length ?? 0)
    assert.deepStrictEqual([admins.length, admin_methods.length, admins[0]?.method_count], [1, listed, listed])
    assert.strictEqual(new Set(admin_methods.map((_) => `${_.method_kind} ${_.method_id}`)).size, listed)
  })

  it.prop(
    "say how strong the strongest and the weakest factor is, or that it cannot be told",
    [Somebody],
    ([somebody]) => {
      const admin = invent(somebody)
      const { admin_methods, admins: [row] } = flatten(stamp, admin)
      const ranks = admin_methods.map(({ strength_rank }) => strength_rank)
      const isTold = !ranks.includes(null) && (admin.webauthncredentials !== null || ranks.includes(5))
      const most = Math.max(0, ...ranks.map((rank) => rank ?? 0))
      assert.strictEqual(row?.strongest, isTold || most === 5 ? Strength.strengths[most] : null)
      if (isTold) {
        const least = ranks.length === 0 ? 0 : Math.min(...ranks.map((rank) => rank ?? 0))
        assert.strictEqual(row?.weakest, Strength.strengths[least])
      }
    }
  )

  it("a number without details is a phone whose uses are not known", () => {
    const { admin_methods: [method], admins: [row] } = flatten(stamp, one({ admin_id: "DE1", phone: "+15550100001" }))
    assert.deepInclude(method, { method_kind: "phone", method_id: "phone", number: "+15550100001", strength: null })
    assert.deepInclude(method, { can_push: null, can_otp: null, can_sms: null, can_call: null, activated: null })
    assert.deepInclude(row, { strongest: null, weakest: null, only_telephony: null, has_phishing_resistant: null })
  })

  it("a missing list means not known, and an empty list means none", () => {
    const of = (fields: object) => flatten(stamp, one({ admin_id: "DE1", ...fields })).admins[0]
    assert.deepInclude(of({}), { strongest: null, weakest: null, has_phishing_resistant: null })
    assert.deepInclude(of({ webauthncredentials: [] }), { strongest: "none", has_phishing_resistant: false })
    assert.deepInclude(of({ hardtoken: token }), { strongest: null, weakest: "otp" })
    const texts = { ...phone, activated: false }
    assert.deepInclude(of({ phone_details: [texts], webauthncredentials: [] }), { only_telephony: true })
  })

  it("factors without an id are named after their kind and numbered", () => {
    const bare = { capabilities: ["sms"] }
    const admin = one({ admin_id: "DE1", phone_details: [bare, phone, bare], webauthncredentials: [{}, {}] })
    assert.deepStrictEqual(
      flatten(stamp, admin).admin_methods.map(({ method_id }) => method_id),
      ["DP1", "phone", "phone 2", "webauthn", "webauthn 2"]
    )
  })

  it("an unknown value is kept as it is and counted; a custom role is not unknown", () => {
    const tally = Tally.make(stamp)
    const rows = tally.admins(decode({
      admin_id: "DE1",
      status: "Hovering",
      role: "Night shift",
      shoe_size: 43,
      hardtoken: { ...token, type: "z9" },
      phone_details: [{ ...phone, capabilities: ["push", "telepathy"], smell: "nice" }]
    }))
    assert.deepInclude(rows["admins"]?.[0], { status: "Hovering", role: "Night shift" })
    assert.deepStrictEqual(rows["admin_methods"]?.map(({ capabilities, method_type }) => [method_type, capabilities]), [
      ["Mobile", "push, telepathy"],
      ["z9", null]
    ])
    const list = { doubt: null, total: 1, pages: 1, sweeps: 1, duplicates: 0, changed: 0 }
    const { unknown_values, warnings } = tally.facts({ requests: 1, retries: 0, answeredAt: null }, list)
    assert.deepStrictEqual([unknown_values, warnings], [5, [
      "unknown field of an administrator: shoe_size",
      "unknown field of an administrator: phone_details[].smell",
      "unknown administrator status: Hovering, kept as it is",
      "unknown token type: z9, kept as it is",
      "unknown phone capability: telepathy, kept as it is"
    ]])
  })
})

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
          const duo = yield* serve({ users: 0, administrators: 30, port: 27_072, ...options })
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
