/** C2: the program runs in other languages and time zones. */
import { assert } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { join } from "node:path"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import * as StoppedClock from "../../../src/emulator/StoppedClock.ts"
import { settings } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"
import type { Case } from "../Case.ts"
import { inFolder, tree } from "../support/InProcess.ts"
import { process as program } from "../support/Process.ts"

/** The others are compared with the first. It is half an hour before midnight in UTC, so that local days differ. */
const now = Date.parse("2026-03-28T23:30:00.123Z")

/** Two in `make test`, all in `make torture`. */
const environments: ReadonlyArray<Readonly<Record<string, string>>> = [
  { TZ: "UTC", LC_ALL: "C" },
  { TZ: "Pacific/Kiritimati", LC_ALL: "tr_TR.UTF-8" },
  { TZ: "America/St_Johns", LC_ALL: "th_TH.UTF-8" },
  { TZ: "Asia/Kathmandu", LC_ALL: "ar_EG.UTF-8" },
  { TZ: "Europe/Berlin", LANG: "de_DE.UTF-8", LC_NUMERIC: "de_DE.UTF-8" },
  { TZ: "Etc/GMT+12", LANG: "C" },
  { LC_ALL: "tr_TR" }
]

/** The tables of a ledger that are compared, as text with sorted rows. */
const tables = ["users", "mfa_methods", "user_groups", "bypass_codes"]

const ledger = (file: string) =>
  Effect.forEach(["runs", ...tables.map((table) => `${table}_history`)], (table) =>
    Effect.map(
      readers.query(file, `SELECT t::VARCHAR AS row FROM (SELECT * FROM ${table} ORDER BY ALL) t`),
      (rows) => `${table}: ${rows.map(({ row }) => String(row)).join("\n")}`
    ))

/** A query for an instant and its day, whose result must not depend on the time zone. */
const question = "SELECT observed_at, observed_at::VARCHAR, observed_at::DATE, date_trunc('day', observed_at) FROM runs"

const under = (environment: Readonly<Record<string, string>>, duo: Parameters<typeof settings>[0]) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const ended = yield* program({
      cwd: folder,
      args: [],
      env: { ...settings(duo), ...environment, NOW: String(now) },
      file: `${import.meta.dirname}/fixed.ts`
    })
    assert.strictEqual(ended.code, 0, `${JSON.stringify(environment)}: ${ended.stdout}${ended.stderr}`)
    const { "data/duo.duckdb": _, ...files } = tree(folder)
    const manifests = Object.keys(files).filter((name) => name.startsWith("data/runs/"))
    assert.strictEqual(manifests.length, 1)
    // these contain the folder's name
    const local = [...manifests, "data/parquet/views.sql"]
    const rest = Object.fromEntries(Object.entries(files).filter(([name]) => !local.includes(name)))
    const asked = yield* program({ cwd: folder, args: ["sql", question], env: environment })
    assert.strictEqual(asked.code, 0, asked.stderr)
    return {
      stdout: ended.stdout,
      manifests,
      files: rest,
      ledger: yield* ledger(join(folder, "data/duo.duckdb")),
      answer: asked.stdout
    }
  }))

const locales = (n: number) =>
  Effect.scoped(Effect.gen(function*() {
    const duo = yield* Effect.provideServiceEffect(
      serve({ people: "hostile", users: 40 }),
      Clock.Clock,
      StoppedClock.at(now)
    )
    const [expected, ...others] = yield* Effect.forEach(
      environments.slice(0, n === 1 ? 2 : environments.length),
      (environment) => Effect.map(under(environment, duo), (found) => ({ environment, found })),
      { concurrency: 2 }
    )
    for (const { environment, found } of others) {
      assert.deepStrictEqual(found, expected?.found, JSON.stringify(environment))
    }
    assert.include(Object.keys(expected?.found.files ?? {}).join(), "run_date=2026-03-28")
    return { environments: others.length }
  }))

export const cases: ReadonlyArray<Case> = [{
  id: "C2",
  fault: "other languages, decimal commas and time zones",
  expected:
    "the same bytes in NDJSON, CSV and Parquet, the same rows in the ledger, the same summary and query results",
  n: { test: 1, torture: 3 },
  run: ({ n }) => locales(n)
}]
