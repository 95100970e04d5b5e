/** Makes run databases with objects of Duo, as the engine does, and runs the pipelines' SELECTs over them. */
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Stream } from "effect"
import { readFileSync } from "node:fs"
import { isDeepStrictEqual } from "node:util"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as Instant from "../../src/duckdb/Instant.ts"
import * as RowsSql from "../../src/duckdb/RowsSql.ts"
import { Admin } from "../../src/duo/wire/Admin.ts"
import { BypassCode } from "../../src/duo/wire/BypassCode.ts"
import { columns } from "../../src/duo/wire/Columns.ts"
import { WireUser } from "../../src/duo/wire/User.ts"
import type { Row, Stamp, Table } from "../../src/Table.ts"

/** The objects of one run; and, if bypass codes were collected, whether all of them are there. */
export interface Reading {
  readonly stamp: Stamp
  readonly hasAllCodes: boolean | undefined
  readonly users: ReadonlyArray<unknown>
  readonly bypass_codes: ReadonlyArray<unknown>
  readonly admins: ReadonlyArray<unknown>
}

const wire = { users: WireUser, bypass_codes: BypassCode, admins: Admin }

export const sql = (file: string) => readFileSync(`${import.meta.dirname}/../../${file}`, "utf8")

/** The SELECT of a table. */
export const selectOf = (pipeline: string, { name }: Table) => sql(`pipelines/${pipeline}/${name}.sql`)

const stampColumns = ({ observed_at, run_id, tenant }: Stamp) =>
  `${DuckDb.literal(run_id)} AS run_id, ${DuckDb.literal(Instant.format(observed_at))}::TIMESTAMPTZ AS observed_at, ${
    DuckDb.literal(tenant)
  } AS tenant`

/** A session with the objects of these runs. */
export const open = Effect.fnUntraced(function*(readings: ReadonlyArray<Reading>) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped()
  const session = yield* DuckDb.open({})
  yield* session.run(`
    ATTACH ':memory:' AS run; USE run; CREATE SCHEMA objects; CREATE SCHEMA rows;
    CREATE TABLE objects.lists (run_id VARCHAR, list VARCHAR, is_whole BOOLEAN)`)
  yield* session.run(sql("src/duo/macros.sql"))
  for (const list of ["users", "bypass_codes", "admins"] as const) {
    const types = columns(wire[list].fields)
    const names = Object.entries(types).map(([name, type]) => `${DuckDb.name(name)} ${type}`)
    yield* session.run(
      `CREATE TABLE objects.${list} (run_id VARCHAR, observed_at TIMESTAMPTZ, tenant VARCHAR, ${names.join(", ")})`
    )
    for (const [at, reading] of readings.entries()) {
      const file = `${folder}/${list}-${at}.ndjson`
      yield* fs.writeFileString(file, reading[list].map((object) => `${JSON.stringify(object)}\n`).join(""))
      const spec = Object.entries(types).map(([name, type]) => `${DuckDb.name(name)}: ${DuckDb.literal(type)}`)
      yield* session.run(
        `INSERT INTO objects.${list} SELECT ${stampColumns(reading.stamp)}, * FROM ${
          DuckDb.scanJson(file, `{${spec.join(", ")}}`)
        }`
      )
    }
  }
  for (const { hasAllCodes, stamp: { run_id } } of readings) {
    const lists = [
      ["users", true],
      ["admins", true],
      ...hasAllCodes === undefined ? [] : [["bypass_codes", hasAllCodes]]
    ]
    for (const [list, isWhole] of lists) {
      yield* session.run(`INSERT INTO objects.lists VALUES (${DuckDb.literal(run_id)}, '${list}', ${isWhole})`)
    }
  }
  return session
})

/** Makes the rows of a pipeline's tables as the engine does. */
export const makeRows = (session: DuckDb.Session, pipeline: string, tables: ReadonlyArray<Table>) =>
  Effect.forEach(
    tables,
    (table) =>
      Effect.andThen(
        session.run(RowsSql.create(table)),
        session.run(RowsSql.insert(table, selectOf(pipeline, table)))
      ),
    { discard: true }
  )

/** The rows of a table that were made. */
export const rowsOf = (session: DuckDb.Session, table: Table) =>
  Effect.map(
    Stream.runCollect(RowsSql.stream(session, table, `SELECT ${DuckDb.names(table)} FROM rows.${table.name}`)),
    (chunks) => chunks.flat()
  )

/** Checks that rows are the expected ones, in any order. */
export const assertRows = (table: Table, found: ReadonlyArray<Row>, expected: ReadonlyArray<Row>) => {
  const keyOf = (row: Row) => JSON.stringify(["run_id", ...table.key].map((name) => row[name]))
  const byKey = new Map(found.map((row) => [keyOf(row), row]))
  for (const row of expected) {
    const same = byKey.get(keyOf(row))
    // the assertion that shows a difference is slow, so it is only used if there is one
    if (!isDeepStrictEqual(same, row)) assert.deepStrictEqual(same, row, `${table.name} ${keyOf(row)}`)
  }
  assert.lengthOf(found, expected.length, table.name)
  assert.lengthOf([...byKey], expected.length, table.name)
}
