import { DuckDBInstance, DuckDBTimestampTZValue, type DuckDBValue } from "@duckdb/node-api"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, type Scope } from "effect"
import { globSync, lstatSync } from "node:fs"
import { type Options, serve } from "../src/emulator/Emulator.ts"
import * as Tenant from "../src/emulator/Tenant.ts"
import { contents, program, settings, start } from "./program.ts"

const inFolder = <A, E>(test: (folder: string) => Effect.Effect<A, E, Scope.Scope | FileSystem.FileSystem>) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped()).pipe(
    Effect.flatMap(test),
    Effect.scoped,
    Effect.provide(NodeServices.layer)
  )

/** As NDJSON has it: counts as numbers, instants as RFC 3339. */
const plain = (value: DuckDBValue) =>
  typeof value === "bigint"
    ? Number(value)
    : value instanceof DuckDBTimestampTZValue
    ? new Date(Number(value.micros / 1000n)).toISOString().replace(".000Z", "Z")
    : value

/** Asks a DuckDB of our own, in memory. */
const query = (sql: string) =>
  Effect.promise(async () => {
    const instance = await DuckDBInstance.create()
    try {
      const connection = await instance.connect()
      await connection.run("SET TimeZone = 'UTC'")
      return (await connection.runAndReadAll(sql)).getRowObjects().map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))
      )
    } finally {
      instance.closeSync()
    }
  })

const allSinks = ["duckdb", "parquet", "ndjson", "csv"].flatMap((sink) => ["--sink", sink])

const extract = Effect.fnUntraced(function*(folder: string, options: Options, args: ReadonlyArray<string> = []) {
  const duo = yield* serve(options)
  const ended = yield* program(folder, ["extract", "--json", ...args], settings(duo))
  assert.strictEqual(ended.code, 0, ended.stderr)
  return { duo, ended, summary: JSON.parse(ended.stdout) }
})

describe("extract", () => {
  const apis: ReadonlyArray<readonly [string, Options]> = [
    ["everything", {}],
    ["v1 only", { apis: ["v1"] }],
    ["v2 only", { apis: ["v2"] }],
    ["SHA-1 only", { signatures: ["v2-sha1"] }],
    ["v1 and SHA-1 only", { apis: ["v1"], signatures: ["v2-sha1"] }],
    ["what the integration guide says", {
      apis: ["v2"],
      signatures: ["v2-sha1"],
      scenario: [{ when: { path: "/admin/v1/*" }, do: { fault: "status", code: 40401 } }]
    }],
    ["a 401 for whatever it does not know", {
      apis: ["v2"],
      signatures: ["v2-sha1"],
      scenario: [{ when: { path: "/admin/v1/*" }, do: { fault: "status", code: 40103 } }]
    }],
    ["no permission for bypass codes", { permissions: ["users"] }]
  ]
  for (const [name, api] of apis) {
    it.live(`works against a Duo that has ${name}`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const { duo, summary } = yield* extract(folder, { users: 700, ...api }, ["--sink", "ndjson"])
        assert.deepInclude(summary, { complete: true, users: 700, total_objects: 700, exit: 0 })
        assert.strictEqual(summary.rows.users, 700)
        assert.deepStrictEqual(duo.requests.flatMap(({ trace }) => trace), [])
      })))
  }

  it.live("a table that the key may not read is not collected, and is not shown as empty", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { summary } = yield* extract(folder, { users: 10, permissions: ["users"] }, allSinks)
      assert.notInclude(summary.tables_collected, "bypass_codes")
      assert.isUndefined(summary.rows.bypass_codes)
      assert.deepStrictEqual(globSync("data/{parquet,ndjson,csv}/**/*bypass_codes*/**/*.*", { cwd: folder }), [])
    })))

  it.live("the four sinks hold the same rows, and verify says so; when one is changed, it says that", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const fs = yield* FileSystem.FileSystem
      const { summary } = yield* extract(folder, { users: 300 }, allSinks)
      const verified = yield* program(folder, ["verify"])
      assert.strictEqual(verified.code, 0, verified.stderr)
      const lines = verified.stdout.trimEnd().split("\n")
      assert.strictEqual(lines.length, 4 * 4)
      assert.isTrue(lines.every((line) => line.endsWith("same")))
      const file = `${folder}/data/csv/users/${summary.run_id}.csv`
      const text = yield* fs.readFileString(file)
      yield* fs.writeFileString(file, text.replace("active", "actove"))
      const differs = yield* program(folder, ["verify"])
      assert.strictEqual(differs.code, 74)
      assert.include(differs.stderr, "csv users of")
      yield* fs.remove(file)
      assert.include((yield* program(folder, ["verify"])).stderr, "missing")
    })))

  it.live("a second run adds its snapshot, replaces the ledger's rows, and disturbs nothing else", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 50 })
      const first = yield* program(folder, ["extract"], settings(duo))
      const before = contents(`${folder}/data/ndjson`)
      duo.tenant.edit({ edit: "remove", at: 7 })
      const second = yield* program(folder, ["extract"], settings(duo))
      assert.deepStrictEqual([first.code, second.code], [0, 0], second.stderr)
      assert.deepInclude(contents(`${folder}/data/ndjson`), before)
      const [counts] = yield* query(`
        ATTACH '${folder}/data/duo.duckdb' AS ledger (READ_ONLY);
        SELECT (SELECT count(*) FROM ledger.users) AS now, (SELECT count(*) FROM ledger.runs) AS runs,
          (SELECT count(*) FROM '${folder}/data/parquet/users/*/*.parquet') AS ever,
          (SELECT count(*) FROM '${folder}/data/parquet/current/users.parquet') AS current`)
      assert.deepStrictEqual(counts, { now: 49, runs: 2, ever: 99, current: 49 })
    })))

  it.live("is for nobody else's eyes: files 0600, directories 0700", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* extract(folder, { users: 5 }, allSinks)
      const modes = ["data", ...globSync("data/**/*", { cwd: folder }), "data/.lock"].map((file) => {
        const info = lstatSync(`${folder}/${file}`)
        return [file, info.isDirectory(), info.mode & 0o777] as const
      })
      assert.isAbove(modes.length, 30)
      assert.deepStrictEqual(modes.filter(([_, directory, mode]) => mode !== (directory ? 0o700 : 0o600)), [])
    })))

  it.live("a dry run reads everything and writes nothing", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { summary } = yield* extract(folder, { users: 20 }, ["--dry-run"])
      assert.deepInclude(summary, { users: 20, sinks: [] })
      assert.deepStrictEqual(globSync("**/*", { cwd: folder }), [])
    })))

  it.live("pages in flight change nothing but the time", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const one = yield* extract(folder, { users: 333 }, ["--sink", "ndjson:one", "--page-size", "10"])
      const many = yield* extract(
        folder,
        { users: 333, latency: [0, 20] },
        ["--sink", "ndjson:many", "--page-size", "10", "--concurrency", "8"]
      )
      const rows = (directory: string, { summary }: typeof one) =>
        query(`SELECT user_id, username FROM '${folder}/${directory}/users/${summary.run_id}.ndjson'`)
      assert.deepStrictEqual(yield* rows("many", many), yield* rows("one", one))
      assert.strictEqual(many.summary.pages, 34)
    })))

  it.live("rows to standard output are data, and only data", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 3 })
      const ended = yield* program(folder, ["extract", "--sink", "ndjson:-"], settings(duo))
      const lines = ended.stdout.trimEnd().split("\n").filter((line) => line.startsWith("{")).map((line) =>
        JSON.parse(line)
      )
      assert.strictEqual(lines.filter(({ table }) => table === "users").length, 3)
    })))

  it.live("rows that their reader leaves are not handed to the next", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 500 })
      const left = start(folder, ["extract", "--sink", "ndjson:-", "--sink", "csv"], settings(duo))
      left.child.stdout.destroy()
      assert.strictEqual((yield* Effect.promise(() => left.ended)).code, 0)
      const next = yield* program(folder, ["extract", "--json"], settings(duo))
      assert.strictEqual(JSON.parse(next.stdout).users, 500)
      assert.deepStrictEqual(globSync("data/runs/*", { cwd: folder }).filter((file) => !file.endsWith(".json")), [])
    })))

  it.live("a sink of somebody else is a module and a name", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const fs = yield* FileSystem.FileSystem
      yield* fs.writeFileString(
        `${folder}/count.mjs`,
        `
        import { appendFileSync } from "node:fs"
        import * as Effect from "${import.meta.resolve("effect/Effect")}"
        let users = 0
        export default {
          name: "count",
          doc: "Counts.",
          location: (data) => data + "/count.txt",
          open: (location) => Effect.succeed({
            write: (batch) => Effect.sync(() => { users += batch.users?.length ?? 0 }),
            seal: () => Effect.sync(() => ({ rows: { users }, bytes: 0, publication: { location, users } }))
          }),
          publish: ({ location, users }) => Effect.sync(() => appendFileSync(location, users + " users\\n")),
          discard: () => Effect.void
        }`
      )
      const { summary } = yield* extract(folder, { users: 11 }, ["--sink", "./count.mjs", "--sink", "csv"])
      assert.strictEqual(yield* fs.readFileString(`${folder}/data/count.txt`), "11 users\n")
      const verified = yield* program(folder, ["verify"])
      assert.strictEqual(verified.code, 0, verified.stderr)
      assert.include(verified.stdout, "cannot be read back")
      assert.deepStrictEqual(summary.sinks.map(({ name }: { name: string }) => name), [`${folder}/count.mjs`, "csv"])
    })))

  it.live("an incomplete run is published as such, adds, and deletes nothing; with --strict it ends with 3", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({
        users: 40,
        scenario: [{ when: { from_page: 5, offset: 10 }, do: { fault: "edit", edit: { edit: "remove", at: 0 } } }]
      })
      const whole = yield* program(folder, ["extract", "--json", "--page-size", "10"], settings(duo))
      assert.isTrue(JSON.parse(whole.stdout).complete)
      const moved = yield* program(folder, ["extract", "--json", "--page-size", "10", "--strict"], settings(duo))
      assert.strictEqual(moved.code, 3, moved.stderr)
      assert.isAbove(duo.reached.edit ?? 0, 0)
      const summary = JSON.parse(moved.stdout)
      assert.deepInclude(summary, { complete: false, exit: 3 })
      const ledger = yield* program(folder, [
        "sql",
        "--format",
        "json",
        `
        SELECT count(*) AS users, (SELECT complete FROM runs WHERE run_id = '${summary.run_id}') AS complete FROM users`
      ])
      assert.deepStrictEqual(JSON.parse(ledger.stdout), [{ users: 40, complete: false }])
    })))
})

describe("an odd user", () => {
  const odd = {
    user_id: "DUODD00000000000ODD1",
    username: "=cmd|' /C calc'!A0",
    alias1: "",
    alias2: "b",
    aliases: { alias1: null, alias2: "b", alias7: "a" },
    email: "",
    realname: "Zoë 👩‍👩‍👧 \"the\", O'Neil\r\nד\u2028",
    firstname: null,
    status: "hibernating",
    is_enrolled: "true",
    created: "1700000000",
    last_login: null,
    notes: 42,
    lockout_reason: null,
    groups: [{ group_id: "DGODD0000000000000G1", name: "Sales, \"EU\"", status: "Bypass", desc: null }],
    phones: [
      {
        phone_id: "DPODD0000000000000P2",
        number: "",
        type: "Unknown",
        platform: "",
        activated: false,
        capabilities: null
      },
      {
        phone_id: "DPODD0000000000000P1",
        number: "+15555550100",
        extension: "7",
        name: "",
        type: "Mobile",
        platform: "Apple iOS",
        model: "Apple iPhone 14 Pro",
        activated: true,
        capabilities: ["sms", "auto", "push", "mobile_otp", "phone"],
        last_seen: "2022-12-16T07:39:49",
        sms_passcodes_sent: false,
        encrypted: "Encrypted",
        fingerprint: "Configured",
        screenlock: "Locked",
        tampered: "Not tampered",
        app_version: "4.120.0",
        os_version: "16",
        antenna: "long"
      }
    ],
    tokens: [{ token_id: "DHODD0000000000000T1", serial: 123456, type: "t6", totp_step: "30" }],
    webauthncredentials: [
      {
        webauthnkey: "WAODD0000000000000W1",
        credential_name: "Passkey",
        label: "Security Key",
        date_added: 1_682_000_000
      }
    ],
    desktop_authenticators: [
      { dakey: "DDODD0000000000000D1", device_name: "laptop", duo_desktop_version: "7.1", os_family: "macOS", daid: 5 }
    ]
  }

  const user = {
    user_id: "DUODD00000000000ODD1",
    username: "=cmd|' /C calc'!A0",
    email: null,
    realname: "Zoë 👩‍👩‍👧 \"the\", O'Neil\r\nד\u2028",
    firstname: null,
    lastname: null,
    status: "hibernating",
    is_enrolled: true,
    created_at: "2023-11-14T22:13:20Z",
    last_login_at: null,
    last_directory_sync_at: null,
    directory_key: null,
    external_id: null,
    lockout_reason: null,
    notes: "42",
    aliases: "a, b",
    group_names: "Sales, \"EU\"",
    phone_count: 2,
    token_count: 1,
    webauthn_count: 1,
    u2f_count: 0,
    desktop_count: 1,
    method_count: 5,
    mfa_enabled: true,
    has_phishing_resistant: true,
    strongest: "phishing_resistant",
    weakest: "none",
    only_telephony: false,
    is_bypass: true,
    bypass_reason: "group"
  }

  const nothing = {
    method_type: null,
    name: null,
    label: null,
    platform: null,
    model: null,
    number: null,
    extension: null,
    serial: null,
    activated: null,
    capabilities: null,
    can_push: false,
    can_otp: false,
    can_sms: false,
    can_call: false,
    enrolled_at: null,
    last_seen_at: null,
    app_version: null,
    os_version: null,
    encrypted: null,
    fingerprint: null,
    screenlock: null,
    tampered: null,
    sms_passcodes_sent: null,
    totp_step: null
  }

  const methods = [
    {
      ...nothing,
      method_kind: "desktop",
      method_id: "DDODD0000000000000D1",
      name: "laptop",
      platform: "macOS",
      app_version: "7.1",
      strength: "device_bound",
      strength_rank: 4
    },
    {
      ...nothing,
      method_kind: "phone",
      method_id: "DPODD0000000000000P1",
      method_type: "Mobile",
      platform: "Apple iOS",
      model: "Apple iPhone 14 Pro",
      number: "+15555550100",
      extension: "7",
      activated: true,
      capabilities: "auto, mobile_otp, phone, push, sms",
      can_push: true,
      can_otp: true,
      can_sms: true,
      can_call: true,
      strength: "push",
      strength_rank: 3,
      last_seen_at: "2022-12-16T07:39:49Z",
      app_version: "4.120.0",
      os_version: "16",
      encrypted: "Encrypted",
      fingerprint: "Configured",
      screenlock: "Locked",
      tampered: "Not tampered",
      sms_passcodes_sent: false
    },
    {
      ...nothing,
      method_kind: "phone",
      method_id: "DPODD0000000000000P2",
      method_type: "Unknown",
      activated: false,
      strength: "none",
      strength_rank: 0
    },
    {
      ...nothing,
      method_kind: "token",
      method_id: "DHODD0000000000000T1",
      method_type: "t6",
      serial: "123456",
      can_otp: true,
      strength: "otp",
      strength_rank: 2,
      totp_step: 30
    },
    {
      ...nothing,
      method_kind: "webauthn",
      method_id: "WAODD0000000000000W1",
      name: "Passkey",
      label: "Security Key",
      strength: "phishing_resistant",
      strength_rank: 5,
      enrolled_at: "2023-04-20T14:13:20Z"
    }
  ]

  it.live("is right to the last cell, in the ledger, in Parquet and in NDJSON", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const tenant = Tenant.fromUsers([odd])
      const { duo, summary } = yield* extract(folder, { tenant }, allSinks)
      assert.strictEqual(summary.unknown_values, 2)
      assert.isTrue(summary.warnings.some((warning: string) => warning.includes("hibernating")))
      const common = {
        run_id: summary.run_id,
        observed_at: summary.observed_at.replace(/(\.\d{3})Z$/, (_: string, millis: string) => `${millis}000Z`),
        tenant: duo.host
      }
      const { email, realname, status: user_status, user_id, username } = user
      const expected = {
        users: [{ ...common, ...user }],
        mfa_methods: methods.map((method) => ({
          ...common,
          user_id,
          username,
          email,
          realname,
          user_status,
          ...method
        })),
        user_groups: [{
          ...common,
          user_id,
          username,
          group_id: "DGODD0000000000000G1",
          group_name: "Sales, \"EU\"",
          group_status: "Bypass"
        }]
      }
      const fs = yield* FileSystem.FileSystem
      for (const [table, rows] of Object.entries(expected)) {
        const order = table === "mfa_methods" ? "method_kind, method_id" : "user_id"
        for (
          const place of [
            `ledger.${table}`,
            `read_parquet('${folder}/data/parquet/${table}/*/*.parquet', hive_partitioning = false)`,
            `read_parquet('${folder}/data/parquet/current/${table}.parquet')`
          ]
        ) {
          const found = yield* query(`
            ATTACH '${folder}/data/duo.duckdb' AS ledger (READ_ONLY);
            SELECT * FROM ${place} ORDER BY ${order}`)
          assert.deepStrictEqual(found, rows.map((row) => ({ ...row, observed_at: summary.observed_at })), place)
        }
        const text = yield* fs.readFileString(`${folder}/data/ndjson/${table}/${summary.run_id}.ndjson`)
        const found = text.trimEnd().split("\n").map((line) => JSON.parse(line))
        const byKind = found.toSorted((a, b) =>
          String(a.method_kind + a.method_id) < String(b.method_kind + b.method_id) ? -1 : 1
        )
        assert.deepStrictEqual(table === "mfa_methods" ? byKind : found, rows, "NDJSON")
      }
    })))
})
