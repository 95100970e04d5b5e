/** The way of an answer through the program, from its text to the rows of its users, and what its rows may be. */
import { Result } from "effect"
import { Headers } from "effect/http"
import * as assert from "node:assert"
import { interpret } from "../../src/duo/Answer.ts"
import { decodeBypassCodes } from "../../src/duo/BypassCode.ts"
import { DuoError, type DuoReason, Unreadable } from "../../src/duo/Errors.ts"
import { readMetadata } from "../../src/duo/Metadata.ts"
import { Seen } from "../../src/duo/Seen.ts"
import { decodeUsers } from "../../src/duo/User.ts"
import type { Decoded, Refusal } from "../../src/duo/Wire.ts"
import { bypassCodes, mfaMethods, userGroups, users } from "../../src/mfa/Tables.ts"
import type { Facts } from "../../src/Outcome.ts"
import type { Table } from "../../src/Table.ts"
import type { Read } from "../oracle/Facts.ts"
import * as Tally from "../oracle/Tally.ts"
import type { Row, Rows } from "./fuzz-rows.ts"

export const stamp = { run_id: "run", observed_at: 1_793_500_000_000_000n, tenant: "api-00000000.duosecurity.com" }

const tables = [users, mfaMethods, userGroups, bypassCodes]

const decoded = <A>(
  text: string,
  decode: (response: unknown) => Result.Result<Decoded<A>, Refusal>
): Result.Result<Decoded<A>, DuoReason> =>
  Result.flatMap(interpret({ status: 200, headers: Headers.empty, text, now: 0 }), ({ metadata, response }) => {
    readMetadata(metadata, { limit: 500, offset: 0, length: Array.isArray(response) ? response.length : 0 })
    return Result.mapError(decode(response), ({ where, why }) => new Unreadable({ where, why }))
  })

/** What a snapshot keeps of pages: everything once, as it was read last. */
export const kept = <A>(pages: ReadonlyArray<Decoded<A>>, id: (value: A) => string) => {
  const seen = new Seen()
  seen.begin(null)
  for (const [page, { values }] of pages.entries()) {
    for (const value of values) seen.add(id(value), { page, first: page === 0, repeated: false, version: 0 })
  }
  const read: Read = {
    doubt: null,
    total: null,
    pages: pages.length,
    sweeps: 1,
    duplicates: seen.duplicates,
    changed: 0
  }
  const once = pages.map(({ unknownFields, values }, page): Decoded<A> => ({
    unknownFields,
    values: values.filter((value) => seen.take(id(value), page, undefined))
  }))
  return { pages: once, read }
}

/** What the program makes of the answers to its requests for bypass codes and for users. */
export const through = (
  codes: ReadonlyArray<string>,
  pages: ReadonlyArray<string>
): Result.Result<{ readonly rows: Rows; readonly facts: Facts }, DuoReason> => {
  const tally = Tally.make(stamp, { hasAllCodes: true })
  const rows: Record<string, Array<Row>> = Object.fromEntries(tables.map(({ name }) => [name, []]))
  const add = (batch: Rows) => {
    for (const [table, more] of Object.entries(batch)) rows[table]?.push(...more)
  }
  const codePages = Result.all(codes.map((text) => decoded(text, decodeBypassCodes)))
  if (Result.isFailure(codePages)) return Result.fail(codePages.failure)
  const userPages = Result.all(pages.map((text) => decoded(text, decodeUsers)))
  if (Result.isFailure(userPages)) return Result.fail(userPages.failure)
  const codesKept = kept(codePages.success, ({ bypass_code_id }) => bypass_code_id)
  const usersKept = kept(userPages.success, ({ user_id }) => user_id)
  for (const page of codesKept.pages) add(tally.bypassCodes(page))
  for (const page of usersKept.pages) add(tally.users(page))
  const facts = tally.facts({
    requests: 1,
    retries: 0,
    answeredAt: null,
    users: usersKept.read,
    bypassCodes: codesKept.read
  })
  return Result.succeed({ rows, facts })
}

/** What the command line would say. */
export const told = (reason: DuoReason) => new DuoError({ path: "/admin/v2/users", attempts: 1, reason }).message

const fits: Record<Table["columns"][number]["type"], (cell: unknown) => boolean> = {
  text: (cell) => typeof cell === "string" && cell !== "" && cell.isWellFormed(),
  boolean: (cell) => typeof cell === "boolean",
  bigint: Number.isSafeInteger,
  timestamp: (cell) => typeof cell === "bigint"
}

const keyOf = ({ key }: Table, row: Row) => JSON.stringify(key.map((name) => row[name]))

/** Every row has the columns of its table, in order, of their types; no key is there twice. */
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

/** The same rows, in whatever order; a cell that is not expected is NULL. */
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
