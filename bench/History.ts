/**
 * Measures a ledger over time: a day's run beside the first one, step by step, and the growth of the file and of the time
 * of queries over a year of daily runs.
 */
import { Console, Effect, FileSystem } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as LedgerRun from "./LedgerRun.ts"
import * as Life from "./Life.ts"
import * as Sql from "./Sql.ts"
import { alone, compared, median } from "./Table.ts"

export interface Options {
  /** The users of the tenant whose second day is measured. */
  readonly users: number
  readonly rounds: number
  readonly year: { readonly users: number; readonly days: number }
}

/** 415,000 users have a million methods. */
export const full: Options = { users: 415_000, rounds: 5, year: { users: 100_000, days: 365 } }
export const quick: Options = { users: 41_500, rounds: 1, year: { users: 10_000, days: 36 } }

const number = new Intl.NumberFormat("en")

export const day = Effect.fnUntraced(function*({ rounds, users }: Options) {
  const fs = yield* FileSystem.FileSystem
  const { directory, first, next } = yield* Life.begin(users)
  const second = yield* next(first)
  const measured: Array<{ readonly bare: number; readonly load: LedgerRun.Steps; readonly run: LedgerRun.Steps }> = []
  for (let round = 1; round <= rounds; round++) {
    yield* Console.error(`second day, round ${round} of ${rounds}`)
    const ledger = join(directory, "ledger", "duo.duckdb")
    const load = yield* LedgerRun.applyTo(ledger, first.outcome, first.fileOf)
    const run = yield* LedgerRun.applyTo(ledger, second.outcome, second.fileOf)
    const bare = join(directory, "ledger", "bare.duckdb")
    measured.push({ load, run, bare: yield* LedgerRun.createTables(bare, first.fileOf) })
    yield* fs.remove(join(directory, "ledger"), { recursive: true })
  }
  const methods = number.format(first.outcome.rows["mfa_methods"] ?? 0)
  const rowsOf = (what: string, which: "load" | "run", atMost: number) => [
    compared(
      `${what}; \`CREATE TABLE AS\` of the same rows`,
      "s",
      measured.map(({ bare, [which]: { total } }) => ({ ours: total, reference: bare })),
      atMost
    ),
    ...LedgerRun.steps.map((step) =>
      alone(`… of which ${step}`, "s", measured.map(({ [which]: steps }) => steps[step]))
    )
  ]
  return [
    ...rowsOf(`a tenant of ${methods} methods into an empty ledger`, "load", 1.5),
    ...rowsOf("a day's run of them, 0.5 % changed", "run", 0.6)
  ]
}, Effect.scoped)

const folder = `${import.meta.dirname}/../data/queries`
const queries = readdirSync(folder).map((file) => ({ name: file.replace(/\.sql$/, ""), path: join(folder, file) }))

/** The milliseconds of every named query. */
const ask = Effect.fnUntraced(function*(ledger: string) {
  const { run, text } = yield* Sql.open(ledger)
  const taken: Array<readonly [name: string, milliseconds: number]> = []
  for (const { name, path } of queries) {
    // the one query with a required parameter
    if (name === "user") yield* run(`SET VARIABLE "user" = (SELECT min(username) FROM users)`)
    const began = performance.now()
    yield* text(readFileSync(path, "utf8"))
    taken.push([name, performance.now() - began])
    if (name === "user") yield* run(`RESET VARIABLE "user"`)
  }
  return taken
}, Effect.scoped)

/** The measurement after some days. */
interface Mark {
  readonly days: number
  readonly ledger: number
  readonly snapshots: number
  readonly asked: ReadonlyArray<readonly [name: string, milliseconds: number]>
}

/** The median seconds of the runs of some days. */
const usual = (seconds: ReadonlyArray<number>) => seconds.length === 0 ? NaN : median(seconds)

export const year = Effect.fnUntraced(function*({ days, users }: Options["year"]) {
  const { directory, first, forget, next } = yield* Life.begin(users)
  const ledger = join(directory, "ledger", "duo.duckdb")
  const marks: Array<Mark> = []
  const seconds: Array<number> = []
  let snapshots = 0
  let today = first
  while (true) {
    seconds.push((yield* LedgerRun.applyTo(ledger, today.outcome, today.fileOf)).total)
    snapshots += today.megabytes
    if (today.day === 2 || today.day === days) {
      yield* Console.error(`${users} users for a year, day ${today.day} of ${days}`)
      marks.push({ days: today.day, ledger: Life.megabytes([ledger]), snapshots, asked: yield* ask(ledger) })
    }
    if (today.day === days) break
    const tomorrow = yield* next(today)
    yield* forget(today)
    today = tomorrow
  }
  const [young, old] = [marks.at(0), marks.at(-1)]
  if (young === undefined || old === undefined) return []
  const total = ({ asked }: Mark) => asked.reduce((sum, [, time]) => sum + time, 0)
  const [slowest = "", time = NaN] = old.asked.toSorted(([, a], [, b]) => b - a)[0] ?? []
  const tenant = `${number.format(users)} users`
  const late = usual(seconds.slice(-5))
  const early = usual(seconds.slice(1, 6))
  return [
    compared(`${tenant}, ledger of ${days} days; of ${young.days}`, "MB", [{
      ours: old.ledger,
      reference: young.ledger
    }], 3),
    compared(`… the ledger; all ${days} snapshots as Parquet`, "MB", [{ ours: old.ledger, reference: old.snapshots }]),
    compared("… a day's run at the end; at the beginning", "s", [{ ours: late, reference: early }]),
    compared(`… the ${queries.length} queries; after ${young.days} days`, "ms", [
      { ours: total(old), reference: total(young) }
    ]),
    alone(`… the slowest of them, @${slowest}`, "ms", [time])
  ]
}, Effect.scoped)
