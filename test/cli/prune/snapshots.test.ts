/** `prune --keep-daily --keep-monthly`: what goes, what stays, and what other commands say of it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cpSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { runAt } from "../../known/ledger.ts"
import { codesOn, usersOn } from "../../known/scene.ts"
import { livedAt } from "../../support/lived.ts"
import { command } from "../../support/processes/command.ts"
import { contents } from "../../support/processes/program.ts"
import { everySink } from "../../torture/support/InProcess.ts"

const inLived = livedAt(27_083, ["duckdb", "parquet", "csv"])
const duoMfa = (folder: string, ...args: ReadonlyArray<string>) => command(folder, args, { DUO_MFA_DATA: "data" })

const rules = ["prune", "--keep-daily", "2", "--keep-monthly", "3"]

/** The days of the snapshots of a sink. */
const daysIn = (data: string, sink: string) =>
  [...new Set(globSync(`${data}/${sink}/users/**/2026*`).map((file) => /2026\d{4}T\d\d/.exec(file)?.[0] ?? ""))].sort()

const everything = ["20260810T09", "20260820T09", "20260905T09", "20261031T09", "20261101T09", "20261101T12"].concat(
  ["20261102T09", "20261104T09"]
)
const kept = ["20260905T09", "20261031T09", "20261102T09", "20261104T09"]

const verdicts = Effect.fnUntraced(function*(folder: string) {
  const { code, stderr, stdout } = yield* duoMfa(folder, "verify", "--all", "--json")
  const tables: ReadonlyArray<{ readonly verdict: string; readonly sink: string }> = JSON.parse(stdout).tables
  const counts = Map.groupBy(tables, ({ sink, verdict }) => `${sink}: ${verdict}`)
  return { code, stderr, counts: Object.fromEntries([...counts].map(([name, { length }]) => [name, length])) }
})

describe("prune", () => {
  it.live("keeps the last snapshots of days and months, and the ledger's answers", () =>
    inLived(Effect.fnUntraced(function*(data, folder) {
      const ask = duoMfa(folder, "sql", "--format", "json", "FROM users_history ORDER BY ALL")
      const before = [yield* ask, yield* duoMfa(folder, "sql", "@coverage")].map(({ stdout }) => stdout)
      const untouched = contents(data)
      const dry = yield* duoMfa(folder, ...rules, "--dry-run")
      assert.strictEqual(dry.code, 0, dry.stderr)
      assert.include(dry.stdout, "would remove  would free")
      assert.match(dry.stdout, /\ncsv +data\/csv +4 +4 +\d+\.\d kB +2026-08-10 +2026-11-01\n/)
      assert.deepStrictEqual(contents(data), untouched)

      const { code, stderr, stdout } = yield* duoMfa(folder, ...rules)
      assert.strictEqual(code, 0, stderr)
      const cells = (text: string) => text.split("\n").slice(2).map((line) => line.split(/ +/))
      assert.deepStrictEqual(cells(stdout), cells(dry.stdout))
      for (const sink of ["parquet", "csv"]) assert.deepStrictEqual(daysIn(data, sink), kept, sink)
      assert.deepStrictEqual(globSync(`${data}/parquet/*/run_date=*`).length, 16)
      assert.deepStrictEqual(globSync(`${data}/pruning.json`), [])
      assert.deepStrictEqual(
        [yield* ask, yield* duoMfa(folder, "sql", "@coverage")].map(({ stdout }) => stdout),
        before
      )
      const ofParquet = yield* duoMfa(folder, "sql", "--parquet", "SELECT count(*) AS n FROM runs")
      assert.strictEqual(ofParquet.stdout, "n\r\n4\r\n")
    })))

  it.live("verify tells a pruned snapshot from a lost one, and from one that is still there", () =>
    inLived(Effect.fnUntraced(function*(data, folder) {
      cpSync(data, `${folder}/copy`, { recursive: true })
      yield* duoMfa(folder, ...rules)
      const pruned = {
        "csv: pruned": 16,
        "csv: same": 16,
        "duckdb: no longer kept": 28,
        "duckdb: same": 4,
        "parquet: pruned": 16,
        "parquet: same": 16
      }
      assert.deepStrictEqual((yield* verdicts(folder)).counts, pruned)
      const { code, stdout } = yield* duoMfa(folder, "verify", "--all")
      assert.strictEqual(code, 0)
      assert.match(stdout, /parquet +users +0  pruned on \d{4}-\d\d-\d\d by --keep-daily 2 --keep-monthly 3\n/)

      const [file = ""] = globSync(`${data}/csv/users/20260905*`)
      rmSync(file)
      const [back = ""] = globSync(`${folder}/copy/csv/users/20260810*`)
      cpSync(back, back.replace("/copy/", "/data/"))
      const lost = yield* verdicts(folder)
      assert.deepStrictEqual([lost.code, lost.counts], [74, {
        ...pruned,
        "csv: missing": 1,
        "csv: pruned": 15,
        "csv: same": 15,
        "csv: still there": 1
      }])
      assert.include(lost.stderr, "csv users of 20260905T090000000Z")
      const again = yield* duoMfa(folder, ...rules)
      assert.match(again.stdout, /csv +data\/csv +4 +0 +/)
      rmSync(`${folder}/copy`, { recursive: true })
      assert.deepStrictEqual((yield* verdicts(folder)).counts["csv: pruned"], 16)
    })))

  it.live("rebuild does not make a ledger with less history, unless it is asked for", () =>
    inLived(Effect.fnUntraced(function*(data, folder) {
      yield* duoMfa(folder, ...rules)
      const before = contents(data)["duo.duckdb"]
      const refused = yield* duoMfa(folder, "rebuild")
      assert.deepStrictEqual([refused.code, contents(data)["duo.duckdb"]], [4, before])
      assert.match(
        refused.stderr,
        /The history of 4 runs, from 20260810T09.* to 20261101T12.*, is only in .*duo\.duckdb, because prune removed/
      )
      rmSync(`${data}/duo.duckdb`)
      const gone = yield* duoMfa(folder, "rebuild")
      assert.strictEqual(gone.code, 4)
      assert.match(gone.stderr, /which is not there.*Restore the ledger from a copy.*rebuild --kept-only/)
      const made = yield* duoMfa(folder, "rebuild", "--kept-only")
      assert.match(made.stdout, /^4 runs from 20260905/)
      const { stdout } = yield* duoMfa(folder, "sql", "SELECT count(*) AS n FROM runs")
      assert.strictEqual(stdout, "n\r\n4\r\n")
    })))

  it.live("says what is missing on its command line, and prunes nothing", () =>
    inLived(Effect.fnUntraced(function*(data, folder) {
      const without = yield* duoMfa(folder, "prune")
      assert.deepStrictEqual([without.code, daysIn(data, "csv")], [64, everything])
      assert.include(without.stderr, "--keep-daily 30 --keep-monthly 24")
      assert.strictEqual((yield* duoMfa(folder, "prune", "--keep-daily", "0")).code, 64)
      assert.strictEqual((yield* duoMfa(folder, ...rules, "--older-than", "2d")).code, 64)
      assert.deepStrictEqual(daysIn(data, "csv"), everything)
    })))

  for (const state of ["has removed some snapshots", "has marked no manifest yet"]) {
    it.live(`the next run finishes a prune that ${state}`, () =>
      inLived(Effect.fnUntraced(function*(data, folder) {
        cpSync(data, `${folder}/copy`, { recursive: true })
        // a directory in the place of a file stops the prune
        const [inTheWay = ""] = globSync(`${data}/csv/users/20260820*`)
        const content = readFileSync(inTheWay)
        rmSync(inTheWay)
        mkdirSync(inTheWay)
        const stopped = yield* duoMfa(folder, ...rules)
        assert.deepStrictEqual([stopped.code, daysIn(data, "parquet")], [74, kept])
        rmSync(inTheWay, { recursive: true })
        writeFileSync(inTheWay, content)
        const verified = yield* verdicts(folder)
        assert.deepStrictEqual([verified.code, verified.counts["parquet: pruned"]], [0, 16], verified.stderr)
        assert.isAbove(verified.counts["csv: still there"] ?? 0, 0)
        if (state === "has marked no manifest yet") {
          cpSync(`${data}/pruning.json`, `${folder}/copy/pruning.json`)
          rmSync(data, { recursive: true })
          renameSync(`${folder}/copy`, data)
        }
        const tenant = Tenant.fromUsers(usersOn(8), codesOn(8))
        yield* runAt(
          data,
          Date.UTC(2026, 10, 5, 9),
          { port: 27_083, tenant },
          everySink(data).filter(({ sink }) => sink !== "ndjson")
        )
        for (const sink of ["parquet", "csv"]) {
          assert.deepStrictEqual(daysIn(data, sink), [...kept, "20261105T09"], sink)
        }
        assert.deepStrictEqual(globSync(`${data}/pruning.json`), [])
        const after = yield* verdicts(folder)
        assert.deepStrictEqual([after.code, after.counts["csv: pruned"], after.counts["csv: same"]], [0, 16, 20])
        rmSync(`${folder}/copy`, { recursive: true, force: true })
      })))
  }
})
