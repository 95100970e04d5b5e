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
import { alone, compared, type Row } from "./Table.ts"

export interface Options {
  /** Users, in ascending order. */
  readonly sizes: ReadonlyArray<number>
  readonly rounds: number
}

export const full: Options = { sizes: [10_000, 100_000, 1_000_000], rounds: 5 }
export const quick: Options = { sizes: [2_000, 10_000], rounds: 1 }

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

/** What everybody took, by name. */
type Round = ReadonlyMap<string, Processes.Used>

const decodeTold = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Struct({ engine: Schema.Finite })))

const measureRound = Effect.fnUntraced(
  function*(tenant: Processes.Tenant, users: number, contenders: ReadonlyArray<Contender>) {
    const fs = yield* FileSystem.FileSystem
    const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
    const round = new Map<string, Processes.Used>()

    const ours = yield* Processes.measure(
      Processes.duoMfa(tenant, directory, ["extract", "--json", "--concurrency=4"])
    )
    round.set("ours", ours.used)
    const { complete, rows } = yield* Processes.summary(ours.stdout)
    if (!complete || rows["users"] !== users) return yield* Effect.die(new Error(`not all of ${users}: ${ours.stdout}`))
    const parquet = join(directory, "parquet")
    const expected = JSON.stringify(
      yield* digest((table) => `${parquet}/${table}/**/*.parquet`, join(directory, "duo.duckdb"))
    )

    const other = Effect.fnUntraced(function*(name: string, command: (directory: string) => Processes.Command) {
      const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
      const { stdout, used } = yield* Processes.measure(command(directory))
      round.set(name, used)
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
        const { engine } = yield* decodeTold(stdout)
        round.set(`${name}, fetched`, { cpu: NaN, peak: NaN, wall: engine })
        const found = JSON.stringify(
          yield* digest((table) => join(directory, `${table}.parquet`), join(directory, "other.duckdb"))
        )
        if (found !== expected) {
          return yield* Effect.die(new Error(`${name} wrote other rows than ours:\n${found}\n${expected}`))
        }
      }))
    }
    const measured: Round = round
    return measured
  },
  Effect.scoped
)

const number = new Intl.NumberFormat("en")

/** Our rows about one size. */
const rowsOf = (users: number, rounds: ReadonlyArray<Round>, contenders: ReadonlyArray<Contender>) => {
  const against = (what: string, unit: "s", name: string, of: keyof Processes.Used, atMost?: number) =>
    compared(
      `${number.format(users)} users, ${what}`,
      unit,
      rounds.map((round) => ({ ours: round.get("ours")?.[of] ?? NaN, reference: round.get(name)?.[of] ?? NaN })),
      atMost
    )
  return [
    against("wall; the floor", "s", "floor", "wall", 2),
    against("CPU; the floor", "s", "floor", "cpu"),
    alone(
      `${number.format(users)} users, peak memory`,
      "MB",
      rounds.map((round) => round.get("ours")?.peak ?? NaN),
      400
    ),
    ...contenders.flatMap(({ atMost, name, withoutFetching }) => [
      against(`wall; ${name}`, "s", name, "wall", atMost),
      against(`CPU; ${name}`, "s", name, "cpu"),
      ...withoutFetching
        ? [against(`wall; ${name} when all is fetched`, "s", `${name}, fetched`, "wall")]
        : []
    ])
  ]
}

/** Ours at the last of two sizes beside ours at the first. */
const growth = (
  what: string,
  unit: "MB" | "µs",
  [from, to]: readonly [ReadonlyArray<Round>, ReadonlyArray<Round>],
  value: (used: Processes.Used, last: boolean) => number
) => {
  const of = (round: Round | undefined, last: boolean) => {
    const used = round?.get("ours")
    return used === undefined ? NaN : value(used, last)
  }
  return compared(
    what,
    unit,
    to.map((round, index) => ({ ours: of(round, true), reference: of(from[index], false) })),
    1.1
  )
}

export const measure = Effect.fnUntraced(function*({ rounds, sizes }: Options, contenders: ReadonlyArray<Contender>) {
  const tenants = yield* Pages.serve(sizes)
  const measured = new Map<number, Array<Round>>(sizes.map((size) => [size, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const { tenant, users } of tenants) {
      yield* Console.error(`${users} users, round ${round} of ${rounds}`)
      measured.get(users)?.push(yield* measureRound(tenant, users, contenders))
    }
  }
  const [small = 0, large = 0] = [sizes.at(0), sizes.at(-1)]
  const ends = [measured.get(small) ?? [], measured.get(large) ?? []] as const
  const rows: ReadonlyArray<Row> = [
    ...sizes.flatMap((users) => rowsOf(users, measured.get(users) ?? [], contenders)),
    growth(`peak memory at ${number.format(large)} users; at ${number.format(small)}`, "MB", ends, ({ peak }) => peak),
    growth(
      `CPU a user at ${number.format(large)} users; at ${number.format(small)}`,
      "µs",
      ends,
      ({ cpu }, last) => cpu * 1e6 / (last ? large : small)
    )
  ]
  return rows
}, Effect.scoped)
