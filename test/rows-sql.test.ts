/** The rows that the SELECTs of the pipelines make are those that TypeScript makes of the same objects, to the cell. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Effect, Result } from "effect"
import { decodeBypassCodes } from "../src/duo/BypassCode.ts"
import { decodeUsers } from "../src/duo/User.ts"
import { Dice } from "../src/emulator/Dice.ts"
import * as MfaTables from "../src/mfa/Tables.ts"
import * as DuckDb from "../src/staging/DuckDb.ts"
import type { Row, Table } from "../src/Table.ts"
import * as Hostile from "./hostile-objects.ts"
import * as Cells from "./oracle/Cells.ts"
import * as MfaTally from "./oracle/Tally.ts"
import { assertRows, makeRows, open, type Reading, sql } from "./run-database.ts"

const mfaTables = [MfaTables.users, MfaTables.mfaMethods, MfaTables.userGroups, MfaTables.bypassCodes]

const selectOf = (pipeline: string, { name }: Table) => sql(`pipelines/${pipeline}/${name}.sql`)

/** One run whose objects are as odd as they may be; runs have users of the same ids. */
const hostile = (seed: number, hasAllCodes: boolean | undefined): Reading => {
  const dice = new Dice(seed)
  const size = 3500
  return {
    stamp: { run_id: `run${seed}`, observed_at: 1_793_500_000_000_000n + BigInt(seed), tenant: `tenant${seed}` },
    hasAllCodes,
    users: Array.from({ length: size }, (_, at) => Hostile.user(`DU${at}`)(dice)),
    bypass_codes: hasAllCodes === undefined
      ? []
      : Array.from({ length: 400 }, (_, at) => Hostile.bypassCode(`DB${at}`, size)(dice)),
    admins: Array.from({ length: 700 }, (_, at) => Hostile.admin(`DE${at}`)(dice))
  }
}

const readings = [hostile(1, true), hostile(2, false), hostile(3, undefined)]

const mfaRows = ({ bypass_codes, hasAllCodes, stamp, users }: Reading): Record<string, ReadonlyArray<Row>> => {
  const tally = MfaTally.make(stamp, { hasAllCodes: hasAllCodes === true })
  const codes = tally.bypassCodes(Result.getOrThrow(decodeBypassCodes(bypass_codes)))
  return { ...codes, ...tally.users(Result.getOrThrow(decodeUsers(users))) }
}

/** Values as rows; NUL can only be written as JSON. */
const values = (list: ReadonlyArray<unknown>, type: string) =>
  `(SELECT unnest(from_json(${DuckDb.literal(JSON.stringify(list))}, '["${type}"]')))`

layer(NodeServices.layer)("rows made by SQL", (it) => {
  it.effect("are those that TypeScript makes of hostile users and bypass codes", () =>
    Effect.gen(function*() {
      const session = yield* open(readings)
      const expected = readings.map(mfaRows)
      for (const table of mfaTables) {
        const rows = yield* makeRows(session, table, selectOf("mfa", table))
        assertRows(table, rows, expected.flatMap((of) => of[table.name] ?? []))
        assert.isAbove(rows.length, 500)
      }
    }))

  it.effect("texts are joined in JavaScript's order, each once and none empty", () =>
    Effect.gen(function*() {
      const session = yield* open([])
      const dice = new Dice(4)
      const lists = Array.from({ length: 20_000 }, () => Hostile.texts(dice))
      // the library takes a byte order mark off the start of a text
      const joined = yield* session.all(`SELECT '|' || joined(texts) FROM ${values(lists, "VARCHAR[]")} AS _(texts)`)
      assert.deepStrictEqual(
        joined.map(([text]) => text),
        lists.map(Cells.joined).map((text) => text === null ? null : `|${text}`)
      )
    }))

  it.effect("what is read as a time is the same, in every spelling", () =>
    Effect.gen(function*() {
      const session = yield* open([])
      const dice = new Dice(5)
      const texts = Array.from({ length: 20_000 }, () => Hostile.lastSeen(dice))
      const times = yield* session.all(`SELECT epoch_us(from_text(text)) FROM ${values(texts, "VARCHAR")} AS _(text)`)
      const expected = texts.map(Cells.fromText)
      assert.deepStrictEqual(times.map(([time]) => time), expected)
      assert.isAbove(expected.filter((time) => time !== null).length, 1000)
    }))

  it.effect("have the names and types of the table's description", () =>
    Effect.gen(function*() {
      const session = yield* open([])
      for (const table of mfaTables) {
        const described = yield* session.all(
          `SELECT column_name, column_type FROM (DESCRIBE ${selectOf("mfa", table)}) ORDER BY ALL`
        )
        assert.deepStrictEqual(
          described,
          table.columns.map(({ name, type }) => [name, DuckDb.types[type].replace("TZ", " WITH TIME ZONE")]).sort()
        )
      }
    }))
})
