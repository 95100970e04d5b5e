/** Makes a statement that counts, for each field of a list's objects, in how many objects it is not empty. */

import { name as quoted } from "./DuckDb.ts"
import type { Columns } from "./ObjectLoader.ts"

/** A kind of object: the objects of a list, or the objects in a field of these. */
interface Kind {
  readonly name: string
  /** SQL whose rows are the objects. */
  readonly objects: string
  readonly columns: Columns
}

/** The fields of the objects in a column; undefined if the column is not a list of objects. */
const itemsOf = (type: string): Columns | undefined => {
  const fields = /^STRUCT\((.*)\)\[\]$/.exec(type)?.[1]
  return fields === undefined
    ? undefined
    : Object.fromEntries(
      [...fields.matchAll(/"(\w+)" ((?:[^",()]|\([^()]*\))+)/g)].map(([_, name = "", type = ""]) => [name, type])
    )
}

/** The kind and, recursively, the kinds of the objects in its columns. */
const kindsOf = (kind: Kind): ReadonlyArray<Kind> => [
  kind,
  ...Object.entries(kind.columns).flatMap(([name, type]) => {
    const columns = itemsOf(type)
    const objects = `(SELECT run_id, unnest(${quoted(name)}, max_depth := 2) FROM ${kind.objects})`
    return columns === undefined ? [] : kindsOf({ name, objects, columns })
  })
]

const filled = (name: string, type: string) =>
  type === "VARCHAR"
    ? `${quoted(name)} <> ''`
    : type.endsWith("[]") || type.startsWith("MAP")
    ? `len(${quoted(name)}) > 0`
    : `${quoted(name)} IS NOT NULL`

/**
 * A SELECT of `run_id`, `field` (such as `users.email` or `phones.number`), `of` and `filled`. `filledBy` has the
 * conditions for columns whose value can also be in other columns; other columns are filled if they are not empty.
 */
export const select = (list: string, columns: Columns, filledBy: Columns = {}) =>
  kindsOf({ name: list, objects: `objects.${list}`, columns }).map((kind) => {
    const fields = Object.keys(kind.columns).map((name) => `'${kind.name}.${name}'`)
    const counts = Object.entries(kind.columns).map(([name, type]) => {
      const condition = (kind.name === list ? filledBy[name] : undefined) ?? filled(name, type)
      return `count_if(${condition})`
    })
    // two lists of plain values are planned in a fraction of the time that a list of structs takes
    return `SELECT run_id, unnest([${fields.join(", ")}]) AS field, count(*) AS "of",
      unnest([${counts.join(", ")}]) AS filled FROM ${kind.objects} GROUP BY run_id`
  }).join("\nUNION ALL\n")
