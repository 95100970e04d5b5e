/** Loads the objects of a list into the run database, in DuckDB's thread, while the next pages are fetched. */
import { Effect, Fiber, Scope } from "effect"
import type { SinkReason } from "../failure/SinkError.ts"
import * as DuckDb from "./DuckDb.ts"
import type { RunDatabase } from "./RunDatabase.ts"

/** The largest number of objects in one list: usually a whole page. */
export const listSize = 500

/** When this many characters or lists are waiting in memory, they are loaded together. */
const charactersMax = 4 << 20
const listsMax = 20

/** After this many characters, a checkpoint writes them to the file; at the end, if there are at least `restSize`. */
const checkpointSize = 32 << 20
const restSize = 8 << 20

/** The DuckDB types of an object's fields, by name. */
export type Columns = Readonly<Record<string, string>>

/** Consecutive objects of a page: at most `listSize`, because DuckDB reserves memory for every field of all of them. */
export interface Objects {
  readonly page: number
  /** The place of the first object on the page, from 0. */
  readonly first: number
  /** The objects as a JSON array. Every object has every column. */
  readonly json: string
}

export interface ObjectLoader {
  /** The number of the list. */
  readonly list: number
  readonly add: (objects: Objects) => Effect.Effect<void, SinkReason>
  /** Waits until every object that was added is in the table. */
  readonly finish: Effect.Effect<void, SinkReason>
}

/**
 * Makes a loader of a list and, unless another run has made it, its table in the catalog `readings`. The table has the
 * columns, and for each object the number of its list, its page, and its place on the page, from 0. All lists share the
 * table `objects.halves`, which has the paths in objects where a text had half of a surrogate pair.
 */
export const make = Effect.fnUntraced(function*(database: RunDatabase, table: string, columns: Columns) {
  const scope = yield* Scope.Scope
  const session = yield* database.session.another
  const number = yield* database.nextList
  const { INTEGER, LIST, listValue, VARCHAR } = yield* DuckDb.library
  const specs = Object.entries(columns).map(([name, type]) => `${DuckDb.name(name)} ${type}`)
  yield* database.define(
    `CREATE TABLE IF NOT EXISTS objects.halves (list INTEGER, page INTEGER, place INTEGER, path VARCHAR);
     CREATE TABLE IF NOT EXISTS ${table} (_list INTEGER, _page INTEGER, _place INTEGER, ${specs.join(", ")})`
  )
  const type = DuckDb.literal(JSON.stringify([columns]))
  // prepared once, because planning takes longer than inserting a few objects
  const insert = yield* session.prepare(
    `INSERT INTO ${table} SELECT ${number}, page, place, unnest(object) FROM (
       SELECT page, unnest(range(first, first + len(objects))) AS place, unnest(objects) AS object FROM (
         SELECT unnest($1) AS page, unnest($2) AS first, from_json_strict(unnest($3), ${type}) AS objects))`,
    [LIST(INTEGER), LIST(INTEGER), LIST(VARCHAR)]
  )

  let waiting: Array<Objects> = []
  let characters = 0
  let unwritten = 0
  let loading: Fiber.Fiber<void, SinkReason> | undefined

  const write = Effect.fnUntraced(function*(ifMore: number) {
    if (unwritten < ifMore) return
    unwritten = 0
    // another run may be writing; FORCE waits for it
    yield* session.run("FORCE CHECKPOINT readings")
  })

  const load = Effect.fnUntraced(function*(lists: ReadonlyArray<Objects>, characters: number) {
    yield* insert([
      listValue(lists.map(({ page }) => page)),
      listValue(lists.map(({ first }) => first)),
      listValue(lists.map(({ json }) => json))
    ])
    unwritten += characters
    yield* write(checkpointSize)
  })

  const loaded = Effect.suspend(() => loading === undefined ? Effect.void : Fiber.join(loading))

  /** Waits for the last load, then begins to load the objects that are waiting. */
  const flush = Effect.gen(function*() {
    yield* loaded
    if (waiting.length > 0) loading = yield* Effect.forkIn(load(waiting, characters), scope)
    waiting = []
    characters = 0
  })

  const loader: ObjectLoader = {
    list: number,
    add: (objects) =>
      Effect.suspend(() => {
        waiting.push(objects)
        characters += objects.json.length
        return characters < charactersMax && waiting.length < listsMax ? Effect.void : flush
      }),
    finish: Effect.andThen(flush, loaded).pipe(Effect.andThen(write(restSize)))
  }
  return loader
})
