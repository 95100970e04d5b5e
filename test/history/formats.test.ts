/** Every command can read the files of every earlier version. They are in `test/formats`. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { zstdDecompressSync } from "node:zlib"
import admins from "../../pipelines/admins.ts"
import mfa from "../../pipelines/mfa.ts"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { serve } from "../../src/emulator/server/Emulator.ts"
import * as AttachedViews from "../../src/history/ledger/AttachedViews.ts"
import * as Ledger from "../../src/history/ledger/Ledger.ts"
import { valueEarlier } from "../../src/Table.ts"
import { format, version } from "../../src/Version.ts"
import { codesOn, usersOn } from "../known/scene.ts"
import { command } from "../support/command.ts"
import { settings } from "../support/program.ts"
import * as readers from "../support/readers.ts"

const fixtures = join(import.meta.dirname, "../formats")
const versions = ["0.1"]

/** The tenant of the runs. It has the port that it had then, because the port is part of its name. */
const tenant = "127.0.0.1:27069"
const last = "20261108T090000000Z-605f76"

/** A manifest with another path. A manifest ends with a hash of its text, so the hash is made again. */
const moved = (manifest: string, from: string, to: string) => {
  const [, body = ""] = /^(.*),"sha256":"[0-9a-f]{64}"\}$/s.exec(manifest.replaceAll(from, to)) ?? []
  return `${body},"sha256":"${createHash("sha256").update(`${body}}`).digest("hex")}"}`
}

/** Puts the files of a version into a folder, as if that version had written them there. */
const unpack = (version: string, folder: string) => {
  const from = join(fixtures, version)
  const data = join(folder, "data")
  cpSync(from, data, { recursive: true })
  rmSync(join(data, "duo.duckdb.zst"))
  writeFileSync(join(data, "duo.duckdb"), zstdDecompressSync(readFileSync(join(from, "duo.duckdb.zst"))))
  for (const name of globSync("runs/*.json", { cwd: data })) {
    const file = join(data, name)
    writeFileSync(file, moved(readFileSync(file, "utf8"), "/srv/duo-mfa", folder))
  }
  const views = join(data, "parquet/views.sql")
  writeFileSync(views, readFileSync(views, "utf8").replaceAll("/srv/duo-mfa", folder))
  for (const name of ["", ...globSync("**/*", { cwd: data })]) {
    const file = join(data, name)
    chmodSync(file, statSync(file).isDirectory() ? 0o700 : 0o600)
  }
  return data
}

/** Puts a ledger of format 1 into a file. */
const unpackLedger = (file: string) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, zstdDecompressSync(readFileSync(join(fixtures, "1/duo.duckdb.zst"))), { mode: 0o600 })
}

const histories = ["users", "mfa_methods", "user_groups", "bypass_codes", "admins", "admin_methods"]

describe.each(versions)("the data of version %s", (from) => {
  let folder = ""
  let data = ""
  /** The columns of that version, by history. */
  const columns = new Map<string, string>()
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "duo-mfa-formats-"))
    data = unpack(from, folder)
    await Effect.runPromise(
      readers.within(
        `${data}/duo.duckdb`,
        (ask) =>
          Effect.forEach(histories, (name) =>
            Effect.map(ask(`DESCRIBE ${name}_history`), (rows) =>
              columns.set(
                name,
                rows.map((row) => String(row["column_name"])).join(", ")
              )))
      )
    )
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Runs a test in a copy of the data. */
  const inCopy = <A, E, R>(test: (folder: string) => Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const copy = mkdtempSync(join(tmpdir(), "duo-mfa-formats-"))
        unpack(from, copy)
        return copy
      }),
      test,
      (copy) => Effect.sync(() => rmSync(copy, { recursive: true }))
    ).pipe(Effect.provide(NodeServices.layer), Effect.scoped)

  const duoMfa = Effect.fnUntraced(function*(
    folder: string,
    args: ReadonlyArray<string>,
    env: Readonly<Record<string, string>> = {}
  ) {
    const { code, stderr, stdout } = yield* command(folder, args, { DUO_MFA_DATA: "data", ...env })
    assert.strictEqual(code, 0, `${args.join(" ")}: ${stderr}`)
    return { stdout, stderr }
  })

  /** Every version of every row that no later run has seen again, with the columns of that version. */
  const versionsIn = (folder: string) =>
    Effect.forEach(histories, (name) =>
      Effect.map(
        duoMfa(folder, ["sql", "--format", "ndjson", `SELECT ${columns.get(name)} FROM ${name}_history ORDER BY ALL`]),
        ({ stdout }) => stdout
      ))

  it.live("is read back and verified", () =>
    inCopy(Effect.fnUntraced(function*(folder) {
      const { stdout } = yield* duoMfa(folder, ["verify", "--all"])
      const verdicts = stdout.trim().split("\n").slice(0, -1).map((line) => line.split(/ {2,}/).at(-1))
      assert.isAtLeast(verdicts.filter((verdict) => verdict === "same").length, 60)
      assert.isEmpty(verdicts.filter((verdict) => verdict !== "same" && verdict !== "no longer kept"))
    })), 180_000)

  it.live(
    "answers queries, with the same rows from the ledger and from the Parquet files",
    () =>
      inCopy(Effect.fnUntraced(function*(folder) {
        const ask = (...args: ReadonlyArray<string>) =>
          Effect.map(duoMfa(folder, ["sql", ...args]), ({ stdout }) => stdout)
        const counts =
          `SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM users), (SELECT count(*) FROM users_history),
        (SELECT count(*) FROM users_asof('2026-11-02')), (SELECT count(*) FROM mfa_events), (SELECT count(*) FROM admins)`
        assert.strictEqual((yield* ask(counts)).trim().split("\n").at(-1), "6,16,25,10,16,2")
        for (const query of [counts, "@coverage", "@changes", "@unprotected"]) {
          assert.strictEqual(yield* ask(query, "--parquet"), yield* ask(query), query)
        }
      })),
    60_000
  )

  it.live("rebuilds the ledger", () =>
    inCopy(Effect.fnUntraced(function*(folder) {
      const before = yield* versionsIn(folder)
      yield* duoMfa(folder, ["rebuild"])
      assert.deepStrictEqual(yield* versionsIn(folder), before)
      yield* duoMfa(folder, ["verify"])
    })), 180_000)

  it.live("makes a report", () =>
    inCopy(Effect.fnUntraced(function*(folder) {
      yield* duoMfa(folder, ["report", "--output", "report.html"])
      assert.include(readFileSync(join(folder, "report.html"), "utf8"), tenant)
    })), 180_000)

  it.live("takes the next run", () =>
    inCopy(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ port: 27_069, tenant: Tenant.fromUsers(usersOn(8), codesOn(8)) })
      const sinks = ["duckdb", "parquet", "ndjson", "csv"].flatMap((sink) => ["--sink", sink])
      const { stderr } = yield* duoMfa(folder, ["extract", ...sinks], settings(duo))
      assert.include(stderr, `The ledger has format 0. It is migrated to format ${format}`)
      const [said] = yield* readers.query(`${folder}/data/duo.duckdb`, "FROM meta")
      assert.deepStrictEqual(said, { format: BigInt(format), tool_version: version })
      const { stdout } = yield* duoMfa(folder, [
        "sql",
        "SELECT count(*), count(*) FILTER (run_id > '2026111') FROM users"
      ])
      assert.strictEqual(stdout.trim().split("\n").at(-1), "16,12")
      yield* duoMfa(folder, ["verify"])
    })), 180_000)

  it.live("has a record that can be replayed", () =>
    inCopy(Effect.fnUntraced(function*(folder) {
      mkdirSync(join(folder, "again"))
      yield* duoMfa(folder, ["extract", "--replay", "data/record", "--sink", "ndjson"], { DUO_MFA_DATA: "again" })
      for (const file of globSync(`data/ndjson/*/${last}.ndjson`, { cwd: folder })) {
        const rows = readFileSync(join(folder, file), "utf8").trim().split("\n").toSorted().map((line) =>
          JSON.parse(line)
        )
        const again = readers.unpacked(join(folder, `${file.replace("data", "again")}.zst`)).trim().split("\n")
          .toSorted()
          .map((line) => JSON.parse(line)).map((row) =>
            Object.fromEntries(Object.keys(rows[0]).map((name) => [name, row[name]]))
          )
        assert.deepStrictEqual(again, rows, basename(file))
      }
    })), 180_000)
})

describe("a ledger of format 1", () => {
  const names = histories.flatMap((name) => [name, `${name}_history`, `${name}_changes`])
  const views = ["mfa_events", "coverage_daily", "bypasses", "users_at_risk", "time_to_enrol", "regressions"]

  /** Columns that a later version added. In this ledger they are NULL. */
  const added = new Set(
    [mfa, admins].flatMap(({ tables }) => tables).flatMap(({ columns }) => columns)
      .filter((column) => column.earlier !== null && valueEarlier(column) === null).map(({ name }) => name)
  )

  /** A row with its columns sorted by name. Their order in a ledger depends on the versions that added them. */
  const byName = ({ row }: { readonly row?: unknown }) =>
    JSON.stringify(
      Object.entries(JSON.parse(String(row))).filter(([name, cell]) => cell !== null || !added.has(name))
        .toSorted(([a], [b]) => a < b ? -1 : 1)
    )

  /** The answers to every query, including the rows at the instants of some runs. */
  const answers = Effect.fnUntraced(function*<E, R>(
    ask: (sql: string) => Effect.Effect<ReadonlyArray<{ readonly row?: unknown }>, E, R>,
    instants: ReadonlyArray<string>
  ) {
    const questions = [
      ...names.map((name) => `FROM ${name}`),
      ...views.map((name) => `FROM ${name}`),
      ...histories.flatMap((name) => instants.map((at) => `FROM ${name}_asof('${at}'::TIMESTAMPTZ)`))
    ]
    const answered = yield* Effect.forEach(
      questions,
      (sql) =>
        Effect.map(
          ask(`SELECT to_json(asked)::VARCHAR AS row FROM (${sql}) asked`),
          (rows) => [sql, rows.map(byName).sort()] as const
        )
    )
    return new Map(answered)
  })

  const inLedger = <A, E, R>(test: (file: string, instants: ReadonlyArray<string>) => Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "duo-mfa-formats-"))),
      Effect.fnUntraced(function*(folder) {
        const file = join(folder, "data/duo.duckdb")
        unpackLedger(file)
        const runs = yield* readers.query(file, "SELECT DISTINCT observed_at::VARCHAR AS at FROM runs ORDER BY ALL")
        return yield* test(file, runs.filter((_, n) => n % 3 === 0).map(({ at }) => String(at)))
      }),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
    ).pipe(Effect.provide(NodeServices.layer), Effect.scoped)

  const pipelines = [mfa, admins]

  it.live(
    "answers the same before it is migrated, when one pipeline has migrated it, and when all have",
    () =>
      inLedger(Effect.fnUntraced(function*(file, instants) {
        const own = (sql: string) => readers.query(file, sql)
        const ofOwn = readers.within(file, (ask) => answers(ask, instants))
        const expected = yield* ofOwn
        assert.isAbove(expected.get("FROM users_changes")?.length ?? 0, 10)
        const asked = Effect.gen(function*() {
          const session = yield* DuckDb.open({})
          yield* session.run(`ATTACH '${file}' AS duo (READ_ONLY)`)
          yield* AttachedViews.make(session, "duo", pipelines)
          const ask = (sql: string) => Effect.map(session.all(sql), (rows) => rows.map(([row]) => ({ row })))
          return yield* answers(ask, instants)
        })
        assert.deepStrictEqual(yield* Effect.scoped(asked), expected)
        for (const { tables, views } of pipelines) {
          yield* Effect.scoped(Effect.gen(function*() {
            const session = yield* DuckDb.open({})
            yield* session.run(`ATTACH '${file}' AS ledger`)
            yield* Ledger.migrate(session, "ledger", tables, views)
          }))
          assert.deepStrictEqual(yield* Effect.scoped(asked), expected)
        }
        assert.deepStrictEqual(yield* ofOwn, expected)
        const left = yield* own(
          "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%_history' AND NOT internal"
        )
        assert.deepStrictEqual(left, [])
      })),
    120_000
  )

  it.live(
    "is migrated by the first run that is published, and not by a run that is refused",
    () =>
      inLedger(Effect.fnUntraced(function*(file) {
        const folder = dirname(dirname(file))
        const ended = "SELECT user_id, username, valid_from, valid_to, last_login_at FROM users_history " +
          "WHERE valid_to <= '2026-11-09 11:00:00+00' ORDER BY ALL"
        const before = yield* readers.query(file, ended)
        const bytes = readFileSync(file)
        const nobody = yield* serve({ port: 27_070, tenant: Tenant.fromUsers([], []) })
        const args = ["extract", "--sink", "duckdb"]
        const refused = yield* command(folder, args, { ...settings(nobody), DUO_MFA_DATA: "data" })
        assert.strictEqual(refused.code, 4, refused.stderr)
        assert.isTrue(readFileSync(file).equals(bytes))
        nobody.tenant.edit({ edit: "add", at: 0, user: usersOn(8)[0] ?? {} })
        const { code, stderr } = yield* command(folder, [...args, "--max-shrink", "100"], {
          ...settings(nobody),
          DUO_MFA_DATA: "data"
        })
        assert.strictEqual(code, 0, stderr)
        assert.include(stderr, `The ledger has format 1. It is migrated to format ${format}`)
        assert.deepStrictEqual(yield* readers.query(file, ended), before)
        assert.deepStrictEqual(
          yield* readers.query(file, "SELECT count(*) AS n FROM users WHERE tenant = '127.0.0.1:27070'"),
          [{ n: 1n }]
        )
      })),
    120_000
  )
})
