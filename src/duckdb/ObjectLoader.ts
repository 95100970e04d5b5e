/** Loads the objects of a list into the run database, on a thread of its own, while the next pages are fetched. */
import { Effect, Fiber, Scope } from "effect"
import type { SinkReason } from "../Sink.ts"
import * as DuckDb from "../staging/DuckDb.ts"

/** Characters of pages that wait in memory. */
const pieceSize = 4 << 20

/** Characters after which DuckDB writes what it holds to the file; and at the end, if it is so many. */
const checkpointSize = 64 << 20
const restSize = 8 << 20

/** The types of an object's fields by their names. */
export type Columns = Readonly<Record<string, string>>

export interface ObjectLoader {
  /** Takes the objects of a page as one list in JSON, each with every column. */
  readonly add: (page: number, objects: string) => Effect.Effect<void, SinkReason>
  /** Waits until every object that was added is in the table. */
  readonly finish: Effect.Effect<void, SinkReason>
}

/** Makes `table`, of the catalog `readings`: the columns, and of each object its page and its place there, from 0. */
export const make = Effect.fnUntraced(function*(database: DuckDb.Session, table: string, columns: Columns) {
  const scope = yield* Scope.Scope
  const session = yield* database.another
  const { listValue } = yield* DuckDb.library
  const specs = Object.entries(columns).map(([name, type]) => `${DuckDb.name(name)} ${type}`)
  yield* session.run(`CREATE TABLE ${table} (_page INTEGER, _place INTEGER, ${specs.join(", ")})`)
  const type = DuckDb.literal(JSON.stringify([columns]))
  const statement = (pages: ReadonlyArray<number>) =>
    `INSERT INTO ${table} SELECT page, place, unnest(object) FROM (
       SELECT page, unnest(range(len(objects))) AS place, unnest(objects) AS object FROM (
         SELECT page, from_json_strict(json, ${type}) AS objects
         FROM (SELECT unnest([${pages.join(", ")}]) AS page, unnest($1) AS json)))`

  let pages: Array<number> = []
  let waiting: Array<string> = []
  let size = 0
  let unwritten = 0
  let loading: Fiber.Fiber<void, SinkReason> | undefined

  const write = Effect.fnUntraced(function*(ifMore: number) {
    if (unwritten < ifMore) return
    unwritten = 0
    yield* session.run("CHECKPOINT readings")
  })

  const load = Effect.fnUntraced(function*(pages: ReadonlyArray<number>, objects: ReadonlyArray<string>, size: number) {
    yield* session.run(statement(pages), [listValue(objects)])
    unwritten += size
    yield* write(checkpointSize)
  })

  const loaded = Effect.suspend(() => loading === undefined ? Effect.void : Fiber.join(loading))

  /** Begins to load what waits, once what was before it is loaded. */
  const flush = Effect.gen(function*() {
    yield* loaded
    if (waiting.length > 0) loading = yield* Effect.forkIn(load(pages, waiting, size), scope)
    pages = []
    waiting = []
    size = 0
  })

  const loader: ObjectLoader = {
    add: (page, objects) =>
      Effect.suspend(() => {
        pages.push(page)
        waiting.push(objects)
        size += objects.length
        return size < pieceSize ? Effect.void : flush
      }),
    finish: Effect.andThen(flush, loaded).pipe(Effect.andThen(write(restSize)))
  }
  return loader
})
