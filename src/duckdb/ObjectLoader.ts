/** Loads the objects of a list into the run database, on a thread of its own, while the next pages are fetched. */
import { Effect, Fiber, Scope } from "effect"
import type { SinkReason } from "../Sink.ts"
import * as DuckDb from "../staging/DuckDb.ts"

/** Characters of lines that wait in memory. */
const pieceSize = 4 << 20

/** Characters after which DuckDB writes what it holds to the file. */
const checkpointSize = 64 << 20

/** The types of an object's fields by their names. */
export type Columns = Readonly<Record<string, string>>

export interface ObjectLoader {
  /** Takes objects as one line of JSON each, with every column. */
  readonly add: (lines: ReadonlyArray<string>) => Effect.Effect<void, SinkReason>
  /** Waits until every object that was added is in the table. */
  readonly finish: Effect.Effect<void, SinkReason>
}

/** Makes `table`, of the catalog `readings`, with the columns, and loads into it. */
export const make = Effect.fnUntraced(function*(database: DuckDb.Session, table: string, columns: Columns) {
  const scope = yield* Scope.Scope
  const session = yield* database.another
  const specs = Object.entries(columns).map(([name, type]) => `${DuckDb.name(name)} ${type}`)
  yield* session.run(`CREATE TABLE ${table} (${specs.join(", ")})`)
  // a line break is escaped in JSON, so it can only separate two lines
  const statement = `INSERT INTO ${table} SELECT unnest(from_json_strict(line, ${
    DuckDb.literal(JSON.stringify(columns))
  })) FROM (SELECT unnest(string_split($1, chr(10))) AS line)`

  let waiting: Array<string> = []
  let size = 0
  let unwritten = 0
  let loading: Fiber.Fiber<void, SinkReason> | undefined

  const load = Effect.fnUntraced(function*(lines: ReadonlyArray<string>, length: number) {
    yield* session.run(statement, [lines.join("\n")])
    unwritten += length
    if (unwritten < checkpointSize) return
    unwritten = 0
    yield* session.run("CHECKPOINT readings")
  })

  const loaded = Effect.suspend(() => loading === undefined ? Effect.void : Fiber.join(loading))

  /** Begins to load what waits, once what was before it is loaded. */
  const flush = Effect.gen(function*() {
    yield* loaded
    if (waiting.length > 0) loading = yield* Effect.forkIn(load(waiting, size), scope)
    waiting = []
    size = 0
  })

  const loader: ObjectLoader = {
    add: (lines) =>
      Effect.suspend(() => {
        for (const line of lines) size += line.length
        waiting.push(...lines)
        return size < pieceSize ? Effect.void : flush
      }),
    finish: Effect.andThen(flush, loaded).pipe(Effect.andThen(session.run("CHECKPOINT readings")))
  }
  return loader
})
