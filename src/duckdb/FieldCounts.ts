/** Counts in how many of Duo's objects each field says something, as one statement that follows from the wire's columns. */

import { name as quoted } from "./DuckDb.ts"
import type { Columns } from "./ObjectLoader.ts"

interface Kind {
  readonly name: string
  /** SQL whose rows are the objects. */
  readonly objects: string
  readonly columns: Columns
}

/** The fields of the objects in a list; undefined for a column that is no list of objects. */
const itemsOf = (type: string): Columns | undefined => {
  const fields = /^STRUCT\((.*)\)\[\]$/.exec(type)?.[1]
  return fields === undefined
    ? undefined
    : Object.fromEntries(
      [...fields.matchAll(/"(\w+)" ((?:[^",()]|\([^()]*\))+)/g)].map(([_, name = "", type = ""]) => [name, type])
    )
}

/** Objects, then those in their lists, which are kinds of their own. */
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
 * Rows of `run_id`, `field` such as `users.email` or `phones.number`, `of` and `filled`. `filledBy` gives the condition
 * for columns of the list that are not filled when they are not empty.
 */
export const select = (list: string, columns: Columns, filledBy: Columns = {}) =>
  kindsOf({ name: list, objects: `objects.${list}`, columns }).map((kind) => {
    const counts = Object.entries(kind.columns).map(([name, type]) => {
      const condition = (kind.name === list ? filledBy[name] : undefined) ?? filled(name, type)
      return `{field: '${kind.name}.${name}', of: count(*), filled: count(*) FILTER (${condition})}`
    })
    return `SELECT run_id, unnest([${counts.join(", ")}], max_depth := 2) FROM ${kind.objects} GROUP BY run_id`
  }).join("\nUNION ALL\n")
