/** The values of DuckDB as JSON has them, and as text. Programs get instants in full, and people to the second. */
import type { DuckDBValue } from "@duckdb/node-api"
import * as Instant from "../../duckdb/Instant.ts"
import * as Json from "../../text/Json.ts"

export type Value = string | number | boolean | null | ReadonlyArray<Value> | { readonly [name: string]: Value }

/** A type of time, by the name of its class. */
const time = /^DuckDBTime/

/** An object of DuckDB that is neither a number nor a collection, as text. */
const toPlainText = (value: object) =>
  "micros" in value && typeof value.micros === "bigint" && value.constructor.name === "DuckDBTimestampTZValue"
    ? Instant.format(value.micros)
    : String(value)

/** `2026-11-23T20:15:00.123456Z` as `2026-11-23 20:15:00Z`. */
const toSecond = (value: object) => {
  const text = toPlainText(value)
  return time.test(value.constructor.name) ? text.replace("T", " ").replace(/\.\d+/, "") : text
}

/**
 * Makes a conversion to values as JSON has them: decimals as numbers, whole numbers that are too large for JSON as text,
 * lists, structs and maps as lists and objects.
 */
const conversion = (toPlain: (value: object) => string) => {
  const convert = (value: DuckDBValue): Value => {
    if (value === null || typeof value === "string" || typeof value === "boolean") return value
    if (typeof value === "number") return Number.isFinite(value) ? value : String(value)
    if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
    if ("scale" in value) return Number(String(value))
    if ("items" in value) return value.items.map(convert)
    if ("tag" in value) return convert(value.value)
    if ("entries" in value) {
      return Object.fromEntries(
        Array.isArray(value.entries)
          ? value.entries.map((entry) => [toText(convert(entry.key)), convert(entry.value)])
          : Object.entries(value.entries).map(([name, field]) => [name, convert(field)])
      )
    }
    return toPlain(value)
  }
  return convert
}

/** A value for programs: instants are RFC 3339, with all microseconds. */
export const forPrograms = conversion(toPlainText)

/** A value for people: times are to the second. */
export const forPeople = conversion(toSecond)

/** A row of a table: an empty cell is an empty text, and not NULL. */
export const forTable = (row: ReadonlyArray<DuckDBValue>): ReadonlyArray<Value> =>
  row.map((value) => value === null ? "NULL" : forPeople(value))

/** A value as text; a list or an object is its JSON. */
export const toText = (value: Value): string =>
  value !== null && typeof value === "object" ? Json.stringify(value) : String(value ?? "")
