/** The rows of a run on their way into DuckDB. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as DuckDb from "../src/staging/DuckDb.ts"
import * as Ndjson from "../src/staging/Ndjson.ts"
import * as RowsSql from "../src/staging/RowsSql.ts"
import * as Stage from "../src/staging/Stage.ts"
import type { Row } from "../src/Table.ts"
import { type Cells, others, plain, rowsOf, runOf, scenarioFrom, tables, things } from "./contract-rows.ts"

const place = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-stage-" })
})
const run = runOf(1)

layer(NodeServices.layer)("rows as text", (it) => {
  const encode = Ndjson.encoder(things)
  const linesOf = (rows: ReadonlyArray<Row>) => Buffer.from(encode(rows)).toString().split("\n").slice(0, -1)

  it.effect.prop(
    "are an object a line, with every column in its order and nothing lost",
    { scenario: scenarioFrom() },
    ({ scenario }) =>
      Effect.sync(() => {
        const rows = rowsOf(run, scenario.things)
        const lines = linesOf(rows)
        assert.lengthOf(lines, rows.length)
        for (const [index, line] of lines.entries()) {
          const read: Record<string, unknown> = JSON.parse(line)
          assert.deepStrictEqual(Object.keys(read), things.columns.map(({ name }) => name))
          for (const { name, type } of things.columns) {
            const cell = rows[index]?.[name] ?? null
            if (typeof cell === "bigint") assert.match(String(read[name]), /^-?\d{4,6}-\d\d-\d\dT[\d:.]+Z$/, type)
            else assert.deepStrictEqual(read[name], typeof cell === "string" ? cell.toWellFormed() : cell)
          }
        }
      })
  )

  it.effect("that are longer than what was thought of are whole", () =>
    Effect.sync(() => {
      const long = ["x".repeat(3_000), "漢".repeat(200_000), "😀".repeat(100_000), "\"".repeat(50_000)]
      const rows = rowsOf(run, long.map((note): Cells => ({ ...plain, note })))
      const notes = linesOf(rows).map((line) => JSON.parse(line).note)
      assert.deepStrictEqual(notes, long)
    }))
})

layer(NodeServices.layer)("the stage", (it) => {
  it.effect("has all rows of all tables when it is finished, however many pieces they made", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* place
      const { finish, write } = yield* Stage.open(directory, tables)
      const note = "n".repeat(1000)
      const batch = 500
      const count = 30_000
      let pieces = 0
      for (let first = 0; first < count; first += batch) {
        const cells = Array.from({ length: batch }, (_, n): Cells => ({ ...plain, note, count: first + n }))
        const rows = { things: rowsOf(run, cells, first), others: rowsOf(run, cells.slice(0, 1), first) }
        yield* write({
          things: rows.things,
          others: rows.others
        })
        if ((yield* fs.readDirectory(directory)).some((name) => name.endsWith(".ndjson"))) pieces++
      }
      assert.isAbove(pieces, 3, "text waits in files")
      const { session } = yield* finish
      assert.deepStrictEqual(yield* fs.readDirectory(directory), ["rows.duckdb"])
      assert.deepStrictEqual(
        yield* session.all(
          `SELECT count(*), count(DISTINCT user_id), sum(count), count(*) FILTER (note = '${note}'),
             count(*) FILTER (moment = ${DuckDb.constant(plain.moment)}),
             (SELECT count(*) FROM ${RowsSql.rowsOf(others)}) FROM ${RowsSql.rowsOf(things)}`
        ),
        [[30_000n, 30_000n, 449_985_000n, 30_000n, 30_000n, 60n]]
      )
    }))

  it.effect("that cannot be written fails as the disk does", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* place
      const error = yield* Effect.scoped(Effect.gen(function*() {
        const { finish, write } = yield* Stage.open(directory, tables)
        yield* fs.makeDirectory(`${directory}/things.ndjson`)
        yield* write({ things: rowsOf(run, [plain]) })
        return yield* finish
      })).pipe(Effect.flip)
      assert.strictEqual(error._tag, "CannotCreate")
    }))
})
