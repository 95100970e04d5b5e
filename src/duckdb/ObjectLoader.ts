/** Loads the objects of a list into the run database, in DuckDB's thread, while the next pages are fetched. */
import { Array, Effect, Fiber, Predicate, Scope } from "effect"
import type { SinkReason } from "../failure/SinkError.ts"
import * as DuckDb from "./DuckDb.ts"
import type { RunDatabase } from "./RunDatabase.ts"

/**
 * The largest number of objects that are encoded together: usually a whole page. DuckDB reserves memory for every field of
 * all of them.
 */
const listSize = 500

/** When this many characters or lists are waiting in memory, they are loaded together. */
const charactersMax = 3 << 20
const listsMax = 20

/** After this many characters, a checkpoint writes them to the file; at the end, if there are at least `restSize`. */
const checkpointSize = 24 << 20
const restSize = 6 << 20

/** The DuckDB types of an object's fields, by name. The name `user.groups` is a field of the object in the field `user`. */
export type Columns = Readonly<Record<string, string>>

/** Consecutive objects of a page. */
export interface Objects {
  /** The place of the first object on the page, from 0. */
  readonly first: number
  /** A JSON object that has the list of all values of each column. DuckDB reads it in half of the time of the objects. */
  readonly json: string
}

const fieldOf = (name: string) => (object: unknown) => Predicate.isObject(object) ? object[name] : null

/** The values of a column, or of the objects that have its fields. */
const valuesIn = (objects: ReadonlyArray<unknown>) => {
  const known = new Map([["", objects]])
  const valuesOf = (column: string): ReadonlyArray<unknown> => {
    const end = Math.max(column.lastIndexOf("."), 0)
    const values = known.get(column) ??
      valuesOf(column.slice(0, end)).map(fieldOf(end === 0 ? column : column.slice(end + 1)))
    known.set(column, values)
    return values
  }
  return valuesOf
}

/** Encodes the objects of a page for the loader. */
export const encode = (columns: Columns, objects: ReadonlyArray<unknown>): ReadonlyArray<Objects> =>
  Array.chunksOf(objects, listSize).map((some, index) => {
    const valuesOf = valuesIn(some)
    const lists = Object.fromEntries(Object.keys(columns).map((column) => [column, valuesOf(column)]))
    return { first: index * listSize, json: JSON.stringify(lists) }
  })

export interface ObjectLoader {
  /** The number of the list. */
  readonly list: number
  readonly add: (page: number, objects: Objects) => Effect.Effect<void, SinkReason>
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
  const names = Object.keys(columns).map(DuckDb.name)
  const specs = Object.entries(columns).map(([name, type]) => `${DuckDb.name(name)} ${type}`)
  yield* database.define(
    `CREATE TABLE IF NOT EXISTS objects.halves (list INTEGER, page INTEGER, place INTEGER, path VARCHAR);
     CREATE TABLE IF NOT EXISTS ${table} (_list INTEGER, _page INTEGER, _place INTEGER, ${specs.join(", ")})`
  )
  const type = DuckDb.literal(
    JSON.stringify(Object.fromEntries(Object.entries(columns).map(([name, type]) => [name, `${type}[]`])))
  )
  const [first] = names
  // prepared once, because planning takes longer than inserting a few objects
  const insert = yield* session.prepare(
    `INSERT INTO ${table}
     SELECT ${number}, page, unnest(range(first, first + len(lists.${first}))),
       ${names.map((name) => `unnest(lists.${name})`).join(", ")}
     FROM (
       SELECT unnest($1) AS page, unnest($2) AS first, from_json_strict(unnest($3), ${type}) AS lists)`,
    [LIST(INTEGER), LIST(INTEGER), LIST(VARCHAR)]
  )

  let waiting: globalThis.Array<Objects & { readonly page: number }> = []
  let characters = 0
  let unwritten = 0
  let loading: Fiber.Fiber<void, SinkReason> | undefined

  const write = Effect.fnUntraced(function*(ifMore: number) {
    if (unwritten < ifMore) return
    unwritten = 0
    // another run may be writing; FORCE waits for it
    yield* session.run("FORCE CHECKPOINT readings")
  })

  const load = Effect.fnUntraced(function*(lists: typeof waiting, characters: number) {
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
    add: (page, objects) =>
      Effect.suspend(() => {
        waiting.push({ page, ...objects })
        characters += objects.json.length
        return characters < charactersMax && waiting.length < listsMax ? Effect.void : flush
      }),
    finish: Effect.andThen(flush, loaded).pipe(Effect.andThen(write(restSize)))
  }
  return loader
})
