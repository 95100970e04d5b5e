/**
 * Against the machine and against the others: whole runs from a Duo that answers at once, beside the least that there is
 * to do and beside what others do. All get the same bytes from the same server, one after the other in every round, and
 * the rows that they write are compared: who writes others is no contender.
 */
import { Console, Effect, FileSystem, Schema } from "effect"
import { join } from "node:path"
import type { Contender } from "./Contenders.ts"
import * as Pages from "./Pages.ts"
import * as Processes from "./Processes.ts"
import * as Sql from "./Sql.ts"
import { alone, compared, markdown, median, type Row } from "./Table.ts"

export interface Options {
  /** Users, in ascending order. */
  readonly sizes: ReadonlyArray<number>
  readonly rounds: number
}

export const full: Options = { sizes: [10_000, 100_000, 1_000_000], rounds: 5 }
export const quick: Options = { sizes: [2_000, 20_000], rounds: 1 }

/** What is in the rows of those Parquet files: how many, and what tells whether the cells are the same. */
const digest = Effect.fnUntraced(function*(fileOf: (table: string) => string, database: string) {
  const { text } = yield* Sql.open()
  const from = (table: string, what: string) => text(`SELECT ${what} FROM read_parquet('${fileOf(table)}')`)
  const stored = yield* Sql.open(database)
  return {
    users: yield* from("users", "count(*), sum(method_count), count(email), count(aliases), count(last_login_at)"),
    methods: yield* from("mfa_methods", "count(*), sum(strength_rank), count(last_seen_at), count(capabilities)"),
    others: `${yield* from("user_groups", "count(*)")} ${yield* from("bypass_codes", "count(*), count(expires_at)")}`,
    stored: yield* stored.text("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM mfa_methods)")
  }
}, Effect.scoped)

interface Round {
  /** What everybody took, by name. */
  readonly used: Map<string, Processes.Used>
  /** Seconds that a contender says it took without what came before. */
  readonly engine: Map<string, number>
}

const decodeTold = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Struct({ engine: Schema.Finite })))

const measureRound = Effect.fnUntraced(
  function*(tenant: Processes.Tenant, users: number, contenders: ReadonlyArray<Contender>) {
    const fs = yield* FileSystem.FileSystem
    const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
    const round: Round = { used: new Map(), engine: new Map() }

    const ours = yield* Processes.measure(
      Processes.duoMfa(tenant, directory, ["extract", "--json", "--concurrency=4"])
    )
    round.used.set("ours", ours.used)
    const { complete, rows } = yield* Processes.summary(ours.stdout)
    if (!complete || rows["users"] !== users) return yield* Effect.die(new Error(`not all of ${users}: ${ours.stdout}`))
    const parquet = join(directory, "parquet")
    const expected = JSON.stringify(
      yield* digest((table) => `${parquet}/${table}/**/*.parquet`, join(directory, "duo.duckdb"))
    )

    const other = Effect.fnUntraced(function*(name: string, command: (directory: string) => Processes.Command) {
      const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
      const { stdout, used } = yield* Processes.measure(command(directory))
      round.used.set(name, used)
      return { directory, stdout }
    })
    yield* Effect.scoped(
      other(
        "floor",
        (directory) =>
          Processes.node(`${import.meta.dirname}/floor.ts`, [tenant.host, parquet, directory, ...Object.keys(rows)])
      )
    )
    for (const { command, name } of contenders) {
      yield* Effect.scoped(Effect.gen(function*() {
        const { directory, stdout } = yield* other(name, (directory) => command(tenant.host, directory))
        round.engine.set(name, (yield* decodeTold(stdout)).engine)
        const found = JSON.stringify(
          yield* digest((table) => join(directory, `${table}.parquet`), join(directory, "other.duckdb"))
        )
        if (found !== expected) {
          return yield* Effect.die(new Error(`${name} wrote other rows than ours:\n${found}\n${expected}`))
        }
      }))
    }
    return round
  },
  Effect.scoped
)

const number = new Intl.NumberFormat("en")

type Rounds = ReadonlyArray<Round>

/** Our rows about one size. */
const rowsOf = (users: number, rounds: Rounds, contenders: ReadonlyArray<Contender>) => {
  const wall = (reference: string, of: (round: Round) => number | undefined, atMost?: number) =>
    compared(
      `${number.format(users)} users, wall; ${reference}`,
      "s",
      rounds.map((round) => ({ ours: round.used.get("ours")?.wall ?? NaN, reference: of(round) ?? NaN })),
      atMost
    )
  return [
    wall("the floor", ({ used }) => used.get("floor")?.wall, 2),
    ...contenders.map(({ atMost, name }) => wall(name, ({ used }) => used.get(name)?.wall, atMost)),
    ...contenders.flatMap(({ name, withoutFetching }) =>
      withoutFetching ? [wall(`${name}, all fetched`, ({ engine }) => engine.get(name))] : []
    ),
    alone(
      `${number.format(users)} users, peak memory`,
      "MB",
      rounds.map(({ used }) => used.get("ours")?.peak ?? NaN),
      400
    )
  ]
}

/** Ours at the largest size beside ours at another. */
const growth = (
  [large, of]: readonly [number, Rounds],
  [small, from]: readonly [number, Rounds]
) => {
  const grown = (what: string, unit: "MB" | "µs", value: (used: Processes.Used | undefined, users: number) => number) =>
    compared(
      `${what} at ${number.format(large)} users; at ${number.format(small)}`,
      unit,
      of.map(({ used }, round) => ({
        ours: value(used.get("ours"), large),
        reference: value(from[round]?.used.get("ours"), small)
      })),
      1.1
    )
  return [
    grown("peak memory", "MB", (used) => used?.peak ?? NaN),
    grown("CPU a user", "µs", (used, users) => (used?.cpu ?? NaN) * 1e6 / users)
  ]
}

/** What everybody took, as a table in Markdown. */
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

/** What there is to tell of the rounds so far. */
export interface Measured {
  readonly rows: ReadonlyArray<Row>
  readonly everybody: string
}

const toldOf = (measured: ReadonlyMap<number, Rounds>, contenders: ReadonlyArray<Contender>): Measured => {
  const all = [...measured]
  const largest = all.at(-1)
  return {
    rows: [
      ...all.flatMap(([users, rounds]) => rowsOf(users, rounds, contenders)),
      ...largest === undefined ? [] : all.slice(0, -1).flatMap((smaller) => growth(largest, smaller))
    ],
    everybody: everybody(measured)
  }
}

/** `onRound` is given what is known after each round: they take long. */
export const measure = Effect.fnUntraced(function*<E, R>(
  { rounds, sizes }: Options,
  contenders: ReadonlyArray<Contender>,
  onRound: (measured: Measured) => Effect.Effect<void, E, R>
) {
  const tenants = yield* Pages.serve(sizes)
  const measured = new Map<number, Array<Round>>(sizes.map((size) => [size, []]))
  const [smallest] = tenants
  if (smallest !== undefined) {
    yield* Console.error("once, so that the first round finds in the caches what the others do")
    yield* measureRound(smallest.tenant, smallest.users, contenders)
  }
  for (let round = 1; round <= rounds; round++) {
    for (const { tenant, users } of tenants) {
      yield* Console.error(`${users} users, round ${round} of ${rounds}`)
      measured.get(users)?.push(yield* measureRound(tenant, users, contenders))
    }
    yield* onRound(toldOf(measured, contenders))
  }
  return toldOf(measured, contenders)
}, Effect.scoped)
