/** Loads the objects of a list into the run database, on a thread of its own, while the next pages are fetched. */
import { Effect, Fiber, Scope } from "effect"
import type { SinkReason } from "../failure/SinkError.ts"
import * as DuckDb from "./DuckDb.ts"

/** Objects that are one list: all of a page, as a rule. */
export const listSize = 500

/** So much waits in memory, and is loaded at once. */
const charactersMax = 4 << 20
const listsMax = 20

/** Characters after which DuckDB writes what it holds to the file; and at the end, if it is so many. */
const checkpointSize = 32 << 20
const restSize = 8 << 20

/** The types of an object's fields by their names. */
export type Columns = Readonly<Record<string, string>>

/** Objects of a page that follow one another: at most `listSize`, because DuckDB makes room for every field of all of them. */
export interface Objects {
  readonly page: number
  /** The place of the first on the page. */
  readonly first: number
  /** A list in JSON; every object has every column. */
  readonly json: string
}

export interface ObjectLoader {
  readonly add: (objects: Objects) => Effect.Effect<void, SinkReason>
  /** Waits until every object that was added is in the table. */
  readonly finish: Effect.Effect<void, SinkReason>
}

/**
 * Makes `table`, of the catalog `readings`: the columns, and of each object its page and its place there, from 0. All lists
 * share `readings.halves`, which says of an object by the path where it had half of a surrogate pair.
 */
export const make = Effect.fnUntraced(function*(database: DuckDb.Session, table: string, columns: Columns) {
  const scope = yield* Scope.Scope
  const session = yield* database.another
  const { INTEGER, LIST, listValue, VARCHAR } = yield* DuckDb.library
  const specs = Object.entries(columns).map(([name, type]) => `${DuckDb.name(name)} ${type}`)
  yield* session.run(
    "CREATE TABLE IF NOT EXISTS readings.halves (list VARCHAR, page INTEGER, place INTEGER, path VARCHAR)"
  )
  yield* session.run(`CREATE TABLE ${table} (_page INTEGER, _place INTEGER, ${specs.join(", ")})`)
  const type = DuckDb.literal(JSON.stringify([columns]))
  // planning it takes longer than running it for a few objects
  const insert = yield* session.prepare(
    `INSERT INTO ${table} SELECT page, place, unnest(object) FROM (
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
    yield* session.run("CHECKPOINT readings")
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

  /** Begins to load what waits, once what was before it is loaded. */
  const flush = Effect.gen(function*() {
    yield* loaded
    if (waiting.length > 0) loading = yield* Effect.forkIn(load(waiting, characters), scope)
    waiting = []
    characters = 0
  })

  const loader: ObjectLoader = {
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
