/** Takes an answer through the program, from its text to the rows of its users, and checks the rows. */
import { Effect, FileSystem, Result, Stream } from "effect"
import { Headers } from "effect/http"
import * as assert from "node:assert"
import mfa from "../../../pipelines/mfa.ts"
import * as DuckDb from "../../../src/duckdb/DuckDb.ts"
import * as ObjectLoader from "../../../src/duckdb/ObjectLoader.ts"
import * as RowsSql from "../../../src/duckdb/RowsSql.ts"
import * as RunDatabase from "../../../src/duckdb/RunDatabase.ts"
import { DuoError } from "../../../src/duo/DuoError.ts"
import { type DuoReason, UnreadableAnswer } from "../../../src/duo/DuoReason.ts"
import { interpret } from "../../../src/duo/http/Answer.ts"
import { readMetadata } from "../../../src/duo/list/Metadata.ts"
import { BypassCode, decodeBypassCodes } from "../../../src/duo/wire/BypassCode.ts"
import { columns } from "../../../src/duo/wire/Columns.ts"
import type { Decoded } from "../../../src/duo/wire/Decoder.ts"
import { decodeWireUsers, WireUser } from "../../../src/duo/wire/User.ts"
import type { Refusal } from "../../../src/duo/wire/Wire.ts"
import * as Unknown from "../../../src/run/Unknown.ts"
import type { Table } from "../../../src/Table.ts"
import { addObjects } from "../../support/row-pipeline.ts"
import type { Row, Rows } from "./rows.ts"

export const stamp = { run_id: "run", observed_at: 1_793_500_000_000_000n, tenant: "api-00000000.duosecurity.com" }

const { tables } = mfa

const decoded = <A>(
  text: string,
  decode: (response: unknown) => Result.Result<Decoded<A>, Refusal>
): Result.Result<Decoded<A>, DuoReason> =>
  Result.flatMap(
    interpret({ status: 200, headers: Headers.empty, text, now: 0, duration: null }),
    ({ metadata, response }) => {
      readMetadata(metadata, { limit: 500, offset: 0, length: Array.isArray(response) ? response.length : 0 })
      return Result.mapError(decode(response), ({ where, why }) => new UnreadableAnswer({ where, why }))
    }
  )

/** The objects that a run has read, each once. */
export interface Read {
  readonly users: ReadonlyArray<WireUser>
  readonly codes: ReadonlyArray<BypassCode>
  readonly unknownFields: ReadonlySet<string>
}

/** Each object once: the one of the latest page that has it, and the first on that page. */
const kept = <A>(pages: ReadonlyArray<Decoded<A>>, id: (value: A) => string): ReadonlyArray<A> => {
  const all = new Map<string, A>()
  for (const { values } of pages) for (const value of values.toReversed()) all.set(id(value), value)
  return [...all.values()]
}

/** The objects of decoded pages. */
export const readOf = (codes: ReadonlyArray<Decoded<BypassCode>>, users: ReadonlyArray<Decoded<WireUser>>): Read => ({
  users: kept(users, ({ user_id }) => user_id),
  codes: kept(codes, ({ bypass_code_id }) => bypass_code_id),
  unknownFields: new Set([
    ...codes.flatMap(({ unknownFields }) => unknownFields.map((field) => `a bypass code: ${field}`)),
    ...users.flatMap(({ unknownFields }) => unknownFields.map((field) => `a user: ${field}`))
  ])
})

/** Reads the answers to requests for bypass codes and for users as the program does. */
export const through = (
  codes: ReadonlyArray<string>,
  pages: ReadonlyArray<string>
): Result.Result<Read, DuoReason> =>
  Result.flatMap(
    Result.all(codes.map((text) => decoded(text, decodeBypassCodes))),
    (codes) =>
      Result.map(Result.all(pages.map((text) => decoded(text, decodeWireUsers))), (users) => readOf(codes, users))
  )

/** The rows that the program makes, and what it counts. */
export interface Made {
  readonly rows: Rows
  readonly warnings: ReadonlyArray<string>
  readonly unknown_values: number
}

const common = { run_id: "VARCHAR", observed_at: "BIGINT", tenant: "VARCHAR" }

/** Makes the rows of many runs at once. The runs do not influence each other. */
export const makeAll = Effect.fnUntraced(function*(runs: ReadonlyArray<Read>) {
  const fs = yield* FileSystem.FileSystem
  const database = yield* RunDatabase.open(yield* fs.makeTempDirectoryScoped())
  const { session } = database
  const idOf = (at: number) => String(at).padStart(6, "0")
  const stamped = (at: number, object: object) => ({
    run_id: idOf(at),
    observed_at: Number(stamp.observed_at),
    tenant: stamp.tenant,
    ...object
  })
  for (
    const [name, wire, objects] of [
      ["users", WireUser, (read: Read) => read.users],
      ["bypass_codes", BypassCode, (read: Read) => read.codes]
    ] as const
  ) {
    const all = { ...common, ...columns(wire.fields) }
    const loader = yield* ObjectLoader.make(database, `readings.${name}`, all)
    for (const [at, read] of runs.entries()) {
      yield* addObjects(loader, all, at, objects(read).map((object) => stamped(at, object)))
    }
    yield* loader.finish
    yield* session.run(
      `CREATE VIEW objects.${name} AS SELECT * REPLACE (make_timestamptz(observed_at) AS observed_at) FROM readings.${name}`
    )
  }
  yield* session.run(mfa.macros)
  yield* session.run(
    `CREATE TABLE objects.lists AS SELECT DISTINCT printf('%06d', n) AS run_id, list, true AS is_whole
     FROM range(${runs.length}) _(n), (VALUES ('users'), ('bypass_codes')) lists(list)`
  )
  const found = new Map<string, Record<string, Array<Row>>>()
  for (const table of tables) {
    yield* session.run(
      `CREATE TABLE rows.${table.name} AS SELECT ${DuckDb.typed(table)} FROM (${mfa.rows[table.name]?.select})`
    )
    const all = yield* Stream.runCollect(
      RowsSql.stream(session, table, `SELECT ${DuckDb.names(table)} FROM rows.${table.name}`)
    )
    for (const row of all.flat()) {
      const of = found.get(String(row["run_id"])) ?? {}
      found.set(String(row["run_id"]), of)
      const rows = of[table.name] ?? []
      of[table.name] = rows
      rows.push({ ...row, run_id: stamp.run_id })
    }
  }
  const counted = new Map<string, Array<readonly [what: string, times: number]>>()
  for (const select of [mfa.contradictions, mfa.unknown]) {
    for (const [run_id, what, times] of yield* session.all(`SELECT run_id, what, times FROM (${select})`)) {
      const of = counted.get(String(run_id)) ?? []
      counted.set(String(run_id), of)
      of.push([String(what), Number(times)])
    }
  }
  return runs.map(({ unknownFields }, at): Made => {
    const unknown = Unknown.make()
    for (const field of unknownFields) unknown.value(`unknown field of ${field}`, 1)
    for (const [what, times] of counted.get(idOf(at)) ?? []) {
      if (!what.startsWith("is_enrolled is ")) unknown.value(what, times)
    }
    const none = Object.fromEntries(tables.map(({ name }): [string, Array<Row>] => [name, []]))
    return { rows: { ...none, ...found.get(idOf(at)) }, warnings: unknown.warnings(), unknown_values: unknown.count() }
  })
}, Effect.scoped)

/** The message of the command line. */
export const messageOf = (reason: DuoReason) => new DuoError({ path: "/admin/v2/users", attempts: 1, reason }).message

const fits: Record<Table["columns"][number]["type"], (cell: unknown) => boolean> = {
  text: (cell) => typeof cell === "string" && cell !== "" && cell.isWellFormed(),
  boolean: (cell) => typeof cell === "boolean",
  bigint: Number.isSafeInteger,
  timestamp: (cell) => typeof cell === "bigint"
}

const keyOf = ({ key }: Table, row: Row) => JSON.stringify(key.map((name) => row[name]))

/** Checks that every row has the columns of its table with their types, in order, and that no key is there twice. */
export const assertFit = (rows: Rows) => {
  for (const table of tables) {
    const keys = new Set<string>()
    const all = rows[table.name] ?? []
    for (const row of all) {
      const names = Object.keys(row)
      assert.equal(names.length, table.columns.length)
      for (const [at, { name, required, type }] of table.columns.entries()) {
        assert.equal(names[at], name)
        const cell = row[name]
        assert.ok(
          cell === null ? !required : fits[type](cell),
          `${table.name}.${name} is ${typeof cell} ${String(cell)}`
        )
      }
      keys.add(keyOf(table, row))
    }
    assert.equal(keys.size, all.length, `a key of ${table.name} is there twice`)
  }
}

/** Checks that the rows are the expected ones, in any order. A cell that is missing in an expected row must be NULL. */
export const assertSame = (found: Rows, expected: Rows) => {
  for (const table of tables) {
    const there = new Map((expected[table.name] ?? []).map((row) => [keyOf(table, row), row]))
    const rows = found[table.name] ?? []
    assert.equal(rows.length, expected[table.name]?.length ?? 0, `rows of ${table.name}`)
    for (const row of rows) {
      const other = there.get(keyOf(table, row))
      assert.ok(other, `a row of ${table.name} that should not be`)
      for (const { name } of table.columns) {
        const [cell, should] = [row[name], other[name] ?? null]
        assert.ok(cell === should, `${table.name}.${name} is ${String(cell)}, not ${String(should)}`)
      }
    }
  }
}
