/** U1: a new version of the program has other columns and tables than the version that made the data. */
import type { DuckDBValue } from "@duckdb/node-api"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import mfa from "../../../pipelines/mfa.ts"
import { versionColumns } from "../../../src/duckdb/RowHash.ts"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import type { Pipeline } from "../../../src/Pipeline.ts"
import type { Table } from "../../../src/Table.ts"
import * as readers from "../../support/readers.ts"
import { type Case, repeat } from "../Case.ts"
import { everySink, inFolder, run } from "../support/InProcess.ts"

/** Columns that no other column depends on. */
const spare = (table: Table) =>
  table.columns.filter(({ earlier, explains, name, uncertain }) =>
    versionColumns(table).includes(name) && !["status", "username"].includes(name) && earlier === null &&
    explains === null &&
    uncertain === null
  ).map(({ name }) => name)

/** The counts of a version without the counted column: none. */
const nothing = "SELECT '' AS name, '' AS words, 0 AS count WHERE false"

/**
 * The pipeline of a version without some columns, and perhaps tables. It has no views, because they need all columns.
 */
const without = (columns: ReadonlySet<string>, tables: ReadonlySet<string>): Pipeline => ({
  ...mfa,
  views: "",
  counts: [...columns].some((column) => mfa.counts.includes(column)) ? nothing : mfa.counts,
  tables: mfa.tables.filter(({ name }) => !tables.has(name)).map((table) => ({
    ...table,
    columns: table.columns.filter(({ name }) => !columns.has(`${table.name}.${name}`)),
    specs: Object.fromEntries(Object.entries(table.specs).filter(([name]) => !columns.has(`${table.name}.${name}`)))
  })),
  connect: mfa.connect
})

type Ask = (sql: string) => Effect.Effect<ReadonlyArray<Record<string, DuckDBValue>>>

/** Runs a query on the ledger and, with `views.sql`, on the Parquet files. The result has both answers. */
const asking = <A>(data: string, use: (ask: Ask, index: number) => Effect.Effect<A>) =>
  Effect.all([
    use((sql) => readers.query(join(data, "duo.duckdb"), sql), 0),
    readers.inMemory(readFileSync(join(data, "parquet/views.sql"), "utf8"), (ask) => use(ask, 1))
  ])

const once = (seed: number) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const dice = new Dice(seed)
    const data = join(folder, "data")
    const duo = yield* serve({ people: "hostile", users: 15, seed })
    const columns = mfa.tables.flatMap((table) => spare(table).map((name) => `${table.name}.${name}`))
    const some = () => new Set(columns.filter(() => dice.below(8) === 0))
    const [added, removed] = [some(), some()]
    for (const name of removed) added.delete(name)
    const gained = new Set([dice.pick(["user_groups", "bypass_codes"])])
    const [old, later] = [without(added, gained), without(removed, new Set())]
    const both = old.tables.map(({ columns, name }) => ({
      name,
      columns: columns.filter((column) => !column.volatile && !removed.has(`${name}.${column.name}`)).map((column) =>
        column.name
      ).join(
        ", "
      )
    }))

    const runOf = Effect.fnUntraced(function*(pipeline: Pipeline) {
      const { message, outcome } = yield* run(duo, data, everySink(data), pipeline, { maxShrink: 50 })
      assert(outcome !== undefined, message)
      return outcome
    })
    const known = Effect.fnUntraced(function*(ask: Ask, at: string) {
      return yield* Effect.forEach(
        both,
        ({ columns, name }) => ask(`SELECT ${columns} FROM ${name}_asof('${at}'::TIMESTAMPTZ) ORDER BY ALL`)
      )
    })

    const first = yield* runOf(old)
    const before = yield* asking(data, (ask) => known(ask, first.observed_at))
    yield* runOf(later)
    yield* asking(
      data,
      Effect.fnUntraced(function*(ask, index) {
        for (const { columns, name } of later.tables) {
          const [row] = yield* ask(
            `SELECT (SELECT count(*) FROM ${name}_history WHERE valid_to IS NOT NULL) AS ended,
             (SELECT count(*) FROM ${name}_changes) AS events,
             (SELECT count(*) FROM ${name}) - (SELECT count(*) FROM ${name}_history) AS more`
          )
          assert.deepStrictEqual(row, { ended: 0n, events: 0n, more: 0n }, name)
          const unknown = columns.map((column) => column.name).filter((column) => added.has(`${name}.${column}`))
          if (unknown.length === 0) continue
          const counts = unknown.map((column) => `count(${column}) AS ${column}`).join(", ")
          const shown = yield* ask(`SELECT ${counts} FROM ${name}_asof('${first.observed_at}'::TIMESTAMPTZ)`)
          const none = Object.fromEntries(unknown.map((column) => [column, 0n]))
          assert.deepStrictEqual(shown, [none], `${name}: ${unknown.join(", ")} were not known then`)
        }
        assert.deepStrictEqual(yield* known(ask, first.observed_at), before[index])
      })
    )

    duo.tenant.edit({ edit: "rename", at: 0, username: "renamed" })
    yield* runOf(later)
    const said = yield* asking(data, (ask) => ask("SELECT event, attribute FROM users_changes"))
    for (const changes of said) assert.deepStrictEqual(changes, [{ event: "changed", attribute: "username" }])
    return { "columns added": added.size, "columns removed": removed.size, "tables gained": gained.size }
  }))

export const cases: ReadonlyArray<Case> = [{
  id: "U1",
  fault: "a new version adds a column, removes one, adds a table to a pipeline",
  expected: "the first run after the upgrade ends no version and makes no event; as-of queries give the same rows",
  n: { test: 1, torture: 20 },
  run: (plan) => repeat(plan, once)
}]
