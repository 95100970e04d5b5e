/** Random people of a few tenants, run by run, in a ledger and in snapshots, both in memory. */
import { Arbitrary, Context, Effect, Layer, Result, Schema } from "effect"
import mfa from "../../../pipelines/mfa.ts"
import * as DuckDb from "../../../src/duckdb/DuckDb.ts"
import * as RowHash from "../../../src/duckdb/RowHash.ts"
import { apply } from "../../../src/history/ledger/Apply.ts"
import * as Ledger from "../../../src/history/ledger/Ledger.ts"
import * as StoredTables from "../../../src/history/ledger/StoredTables.ts"
import * as Snapshots from "../../../src/history/Snapshots.ts"
import type { Row, Table } from "../../../src/Table.ts"
import { outcomeOf, runOf } from "../../laws/rows.ts"
import { flatten } from "../../oracle/Flatten.ts"
import { decodeUsers, type User } from "../../oracle/User.ts"
import type { PeopleRun, Person } from "./known-people.ts"

export const small = (maximum: number) => Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum })))

const statuses = ["active", "active", "active", "bypass", "disabled", "locked out", "pending deletion", "new", null]
const groups = ["Active", "Active", "Bypass", "Disabled"].map((status, n) => ({
  group_id: `DG${n}`,
  name: `g${n}`,
  status
}))
const everyone = { group_id: "DGALL", name: "Everyone", status: "Active", desc: null }
const phone = { phone_id: "DP", activated: false, platform: "", type: "", number: "", capabilities: [] }
const methods: ReadonlyArray<object> = [
  {},
  { phones: [phone] },
  { phones: [{ ...phone, capabilities: ["sms"] }] },
  { webauthncredentials: [{ webauthnkey: "WA1" }] },
  { u2ftokens: [{ registration_id: "U1", date_added: 1 }] },
  { tokens: [{ token_id: "DH1", type: "h6" }] }
]

/** What somebody is: a number per question. */
export const somebody = Arbitrary.all({
  status: small(statuses.length - 1),
  groups: Arbitrary.array(small(3), { maxLength: 3 }),
  method: small(5),
  hasCode: small(1)
})

/** The n-th person. `naming` gives a group another name. */
export const personOf = (
  { groups: some, hasCode, method, status }: Readonly<Record<"hasCode" | "method" | "status", number>> & {
    readonly groups: ReadonlyArray<number>
  },
  n: number,
  naming: (name: string) => string = (name) => name
): Person => {
  const user = {
    user_id: `DU${n}`,
    username: `user ${n}`,
    status: statuses[status],
    groups: [...new Set(some)].map((group) => ({ ...groups[group], name: naming(groups[group]?.name ?? "") })),
    ...methods[method]
  }
  const [decoded] = Result.getOrThrow(decodeUsers([user])).values
  return { user: decoded as User, hasCode: hasCode === 1 }
}

const day = 86_400_000
const tenants = ["api-00000001.duosecurity.com", "api-00000002.duosecurity.com"] as const

/**
 * Runs of two tenants, with hours or days between them. Some are not complete, some could not read bypass codes, some find
 * nobody, some retire their tenant, and in some a group has another name, or none. Everybody is in the group DGALL.
 */
export const lives = Arbitrary.map(
  Arbitrary.array(
    Arbitrary.all({
      gap: small(7),
      tenant: small(3),
      isPartial: small(3),
      hasCodes: small(3),
      isLast: small(9),
      name: small(4),
      people: Arbitrary.array(Arbitrary.all({ who: small(5), somebody }), { maxLength: 6 })
    }),
    { minLength: 1, maxLength: 9 }
  ),
  (runs): ReadonlyArray<PeopleRun> => {
    let at = Date.UTC(2026, 10, 1, 9)
    return runs.map(({ gap, hasCodes, isLast, isPartial, name, people, tenant }) => {
      at += (gap < 5 ? 5 + 11 * gap : 24 * (35 - gap)) * day / 24
      const place = { tenant: tenants[tenant === 0 ? 1 : 0], at }
      if (isLast < 2) return { ...place, complete: true, people: [], asksNobody: isLast === 0 }
      const naming = (old: string) => name === 0 ? "" : name === 1 ? `${old} renamed` : old
      const who = new Map(people.map(({ somebody, who }) => [who, personOf(somebody, who, naming)]))
      return {
        ...place,
        complete: isPartial > 0,
        people: [...who.values()].map(({ hasCode, user }) => ({
          user: { ...user, groups: [...user.groups, everyone] },
          hasCode: hasCodes === 0 ? null : hasCode
        }))
      }
    })
  }
)

const stored = mfa.tables.filter(({ name }) => name !== "bypass_codes")

const insert = (table: Table, into: string, rows: ReadonlyArray<Row>) =>
  rows.length === 0
    ? []
    : [`INSERT INTO ${into} VALUES ${
      rows.map((row) => `(${table.columns.map(({ name }) => DuckDb.constant(row[name])).join(", ")})`).join(", ")
    }`]

/** A session with an empty ledger, and tables in place of Parquet files. It is made once, because that takes longest. */
export class Places extends Context.Service<Places, DuckDb.Session>()("test/PeoplePlaces") {
  static readonly layer = Layer.effect(
    Places,
    Effect.gen(function*() {
      const session = yield* DuckDb.open({})
      yield* session.run("ATTACH ':memory:' AS ledger; ATTACH ':memory:' AS files")
      yield* Ledger.migrate(session, "ledger", mfa)
      yield* session.run([
        "USE files",
        ...stored.map((table) => DuckDb.create(`saved_${table.name}`, table)),
        ...Snapshots.runs("FROM ledger.main.runs"),
        ...mfa.tables.flatMap((table) =>
          Snapshots.statements(table, stored.includes(table) ? `FROM files.main.saved_${table.name}` : undefined)
        ),
        mfa.views
      ].join(";\n"))
      return session
    })
  )
}

/** The n-th run as a sink gets it: its facts and its rows. */
export const performed = ({ asksNobody = false, at, complete, people, tenant }: PeopleRun, n: number) => {
  const run = { ...runOf(n, tenant), observed_at: BigInt(at) * 1000n, pipeline: "mfa", tables: mfa.tables }
  const rows = people.map(({ hasCode, user }) => flatten(run, user, hasCode))
  const batch: Readonly<Record<string, ReadonlyArray<Row>>> = {
    users: rows.flatMap((row) => row.users),
    mfa_methods: rows.flatMap((row) => row.mfa_methods),
    user_groups: rows.flatMap((row) => row.user_groups)
  }
  const outcome = outcomeOf(run, batch, {
    complete,
    incomplete_reason: complete ? null : "the list would not hold still",
    requests: asksNobody ? 0 : 1,
    tables_collected: stored.map(({ name }) => name)
  })
  return { run, batch, outcome }
}

/** The session with these runs only: in `ledger`, applied one after the other, and in `files`, as snapshots. */
export const lived = Effect.fnUntraced(function*(runs: ReadonlyArray<PeopleRun>) {
  const session = yield* Places
  yield* session.run(
    [
      "ledger.main.runs",
      ...stored.flatMap((table) => [
        `files.main.saved_${table.name}`,
        ...StoredTables.tablesOf(table).map(({ name }) => `ledger.main.${name}`)
      ])
    ].reduce((statements, table) => `${statements}; DELETE FROM ${table}`, "USE memory")
  )
  for (const { batch, outcome, run } of runs.map(performed)) {
    yield* Ledger.addRuns(session, "ledger", mfa.tables, [outcome])
    yield* session.run(
      stored.flatMap((table) => [
        ...insert(table, `files.main.saved_${table.name}`, batch[table.name] ?? []),
        `CREATE OR REPLACE TEMP TABLE seen_${table.name} AS ${
          RowHash.withHashes(table, `FROM files.main.saved_${table.name} WHERE run_id = '${run.run_id}'`)
        }`
      ]).join("; ")
    )
    yield* apply(
      session,
      "ledger",
      run,
      outcome.complete,
      stored.map((table) => ({ table, rows: `seen_${table.name}` }))
    )
  }
  yield* session.run("USE ledger")
  return session
})
