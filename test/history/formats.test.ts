/** Every command can read the files of every earlier version. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { format, version } from "../../src/Version.ts"
import { codesOn, usersOn } from "../known/scene.ts"
import { command } from "../support/processes/command.ts"
import { settings } from "../support/processes/program.ts"
import * as readers from "../support/readers.ts"
import { histories, unpack } from "./earlier-files.ts"

const versions = ["0.1"]

/** The tenant of the runs. It has the port that it had then, because the port is part of its name. */
const tenant = "127.0.0.1:27069"
const last = "20261108T090000000Z-605f76"

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
        (SELECT count(*) FROM users_asof('2026-11-02')),
        (SELECT count(DISTINCT (user_id, method_id, event, happened_by)) FROM mfa_events), (SELECT count(*) FROM admins)`
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
