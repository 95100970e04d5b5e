/**
 * Compares whole runs with the least possible work and with other programs. The server answers at once. In every round, all of
 * them get the same bytes from it, one after the other. Their rows are compared too: a program that writes other rows does not
 * count.
 */
import { Console, Effect, FileSystem } from "effect"
import { join } from "node:path"
import type { Contender } from "./Contenders.ts"
import * as Pages from "./Pages.ts"
import * as Processes from "./Processes.ts"
import * as Sql from "./Sql.ts"
import { alone, compared, markdown, median, type Row } from "./Table.ts"

export interface Options {
  /** Users, in ascending order. */
  readonly sizes: ReadonlyArray<number>
  /** The size for which requests, the third sink and memory are reported, and the number of requests that a run may make. */
  readonly middle: { readonly users: number; readonly requests: number }
  readonly rounds: number
}

export const full: Options = {
  sizes: [10_000, 100_000, 1_000_000],
  middle: { users: 100_000, requests: 218 },
  rounds: 5
}
export const quick: Options = { sizes: [1_000, 10_000, 100_000], middle: { users: 10_000, requests: 24 }, rounds: 1 }

/** The columns that differ between two runs with the same rows, and the columns that only ours has. */
const unlike = new Set(["run_id", "observed_at", "tenant"])

/** A hash of the cells in the Parquet files of the tables, and the number of rows in the database. */
const digest = Effect.fnUntraced(
  function*(tables: ReadonlyArray<string>, fileOf: (table: string) => string, database: string) {
    const { text } = yield* Sql.open()
    const stored = yield* Sql.open(database)
    return yield* Effect.forEach(tables, (table) =>
      Effect.gen(function*() {
        const from = `FROM read_parquet('${fileOf(table)}', hive_partitioning = false)`
        const columns = (yield* text(`SELECT column_name FROM (DESCRIBE ${from}) ORDER BY column_name`)).split("\n")
        const cells = columns.filter((column) => !unlike.has(column))
        const hashes = yield* text(`SELECT count(*), sum(hash(${cells.join(", ")})) ${from}`)
        return `${table}: ${hashes}, ${yield* stored.text(`SELECT count(*) FROM ${table}`)}, of ${cells.join(" ")}`
      })).pipe(Effect.map((told) => told.join("\n")))
  },
  Effect.scoped
)

interface Round {
  /** The usage of every program, by name. */
  readonly used: Map<string, Processes.Used>
  readonly requests: number
}

const measureRound = Effect.fnUntraced(
  function*(tenant: Processes.Tenant, users: number, contenders: ReadonlyArray<Contender>, hasThird: boolean) {
    const fs = yield* FileSystem.FileSystem
    const temporary = fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
    const used = new Map<string, Processes.Used>()

    /** A run of duo-mfa, which must be complete. */
    const run = Effect.fnUntraced(function*(name: string, directory: string, args: ReadonlyArray<string>) {
      const measured = yield* Processes.measure(
        Processes.duoMfa(tenant, directory, ["extract", "--json", "--concurrency=4", ...args])
      )
      used.set(name, measured.used)
      const summary = yield* Processes.summary(measured.stdout)
      return summary.complete && summary.rows["users"] === users
        ? summary
        : yield* Effect.die(new Error(`not all of ${users}: ${measured.stdout}`))
    })

    const directory = yield* temporary
    const { requests, rows } = yield* run("ours", directory, Processes.sinks)
    const tables = Object.keys(rows)
    const parquet = join(directory, "parquet")
    const expected = yield* digest(
      tables,
      (table) => `${parquet}/${table}/**/*.parquet`,
      join(directory, "duo.duckdb")
    )
    if (hasThird) yield* Effect.scoped(Effect.flatMap(temporary, (to) => run("ours, all default sinks", to, [])))

    const floor = `${import.meta.dirname}/floor.ts`
    yield* Effect.scoped(Effect.gen(function*() {
      const command = Processes.node(floor, [tenant.host, parquet, yield* temporary, ...tables])
      used.set("the floor", (yield* Processes.measure(command)).used)
    }))
    for (const { command, name } of contenders) {
      yield* Effect.scoped(Effect.gen(function*() {
        const directory = yield* temporary
        used.set(name, (yield* Processes.measure(command(tenant.host, directory))).used)
        const found = yield* digest(
          tables,
          (table) => join(directory, `${table}.parquet`),
          join(directory, "other.duckdb")
        )
        if (found !== expected) {
          return yield* Effect.die(new Error(`${name} wrote other rows than ours:\n${found}\n${expected}`))
        }
      }))
    }
    const round: Round = { used, requests }
    return round
  },
  Effect.scoped
)

const number = new Intl.NumberFormat("en")

type Rounds = ReadonlyArray<Round>

const take = (what: "wall" | "peak", name: string) => ({ used }: Round) => used.get(name)?.[what] ?? NaN

/** Our wall time at one size, compared with every other program. */
const wallsOf = (users: number, rounds: Rounds, contenders: ReadonlyArray<Contender>) =>
  [{ name: "the floor", atMost: 2 }, ...contenders].map(({ atMost, name }) =>
    compared(
      `${number.format(users)} users, wall; ${name}`,
      "s",
      rounds.map((round) => ({ ours: take("wall", "ours")(round), reference: take("wall", name)(round) })),
      atMost
    )
  )

/** The rows for the size in the middle. */
const middleOf = ({ requests, users }: Options["middle"], rounds: Rounds) => {
  const who = `${number.format(users)} users`
  return [
    alone(
      `requests of a complete run of ${who} and their bypass codes`,
      "",
      rounds.map((round) => round.requests),
      requests
    ),
    compared(
      `${who}, wall with the third default sink; without`,
      "s",
      rounds.map((round) => ({
        ours: take("wall", "ours, all default sinks")(round),
        reference: take("wall", "ours")(round)
      }))
    )
  ]
}

const memoryOf = ([large, of]: readonly [number, Rounds], { users }: Options["middle"], from: Rounds) => {
  const peak = take("peak", "ours")
  const what = `peak memory at ${number.format(large)} users`
  return [
    alone(what, "MB", of.map(peak), 512),
    compared(
      `${what}; at ${number.format(users)}`,
      "MB",
      of.map((round, at) => ({ ours: peak(round), reference: from.slice(at, at + 1).map(peak)[0] ?? NaN })),
      1.25
    )
  ]
}

/** The usage of every program, as a table in Markdown. */
const everybody = (measured: ReadonlyMap<number, Rounds>) =>
  markdown(
    ["users, and who", "wall s", "CPU s", "peak MB"],
    [...measured].flatMap(([users, rounds]) =>
      [...rounds[0]?.used.keys() ?? []].map((name) => {
        const of = (key: keyof Processes.Used) => median(rounds.map(({ used }) => used.get(name)?.[key] ?? NaN))
        return [`${number.format(users)}, ${name}`, of("wall").toFixed(2), of("cpu").toFixed(2), of("peak").toFixed(0)]
      })
    )
  )

/** The results of the rounds so far. */
export interface Measured {
  readonly rows: ReadonlyArray<Row>
  readonly everybody: string
}

const toldOf = (
  measured: ReadonlyMap<number, Rounds>,
  contenders: ReadonlyArray<Contender>,
  middle: Options["middle"]
): Measured => {
  const all = [...measured]
  const largest = all.at(-1)
  const inTheMiddle = measured.get(middle.users) ?? []
  return {
    rows: [
      ...middleOf(middle, inTheMiddle),
      ...all.flatMap(([users, rounds]) => wallsOf(users, rounds, contenders)),
      ...largest === undefined ? [] : memoryOf(largest, middle, inTheMiddle)
    ],
    everybody: everybody(measured)
  }
}

/** Calls `onRound` with the results so far after each round, because a round takes long. */
export const measure = Effect.fnUntraced(function*<E, R>(
  { middle, rounds, sizes }: Options,
  contenders: ReadonlyArray<Contender>,
  onRound: (measured: Measured) => Effect.Effect<void, E, R>
) {
  const tenants = yield* Pages.serve(sizes)
  const measured = new Map<number, Array<Round>>(sizes.map((size) => [size, []]))
  const [smallest] = tenants
  if (smallest !== undefined) {
    yield* Console.error("once, so that the first round finds in the caches what the others do")
    yield* measureRound(smallest.tenant, smallest.users, contenders, true)
  }
  for (let round = 1; round <= rounds; round++) {
    for (const { tenant, users } of tenants) {
      yield* Console.error(`${users} users, round ${round} of ${rounds}`)
      measured.get(users)?.push(yield* measureRound(tenant, users, contenders, users === middle.users))
    }
    yield* onRound(toldOf(measured, contenders, middle))
  }
  return toldOf(measured, contenders, middle)
}, Effect.scoped)
