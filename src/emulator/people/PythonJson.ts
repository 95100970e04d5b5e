/** Writes JSON as Python's `json.dumps(sort_keys=True)` does, because Duo's answers have this form. */
import type { Schema } from "effect"

export type Json = Schema.Json
export type JsonObject = Readonly<Record<string, Json>>

/** A JSON string literal in ASCII. Other characters are \uXXXX; those beyond the basic plane are two of these. */
export const quote = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !isList(value)

/** A value as JSON, with sorted keys at every level and the separators ", " and ": ". */
export const dumps = (value: Json): string => {
  if (typeof value === "string") return quote(value)
  if (Object.is(value, -0)) return "-0.0"
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  if (isList(value)) return `[${value.map(dumps).join(", ")}]`
  return record(Object.entries(value).map(([name, member]) => [name, dumps(member)]))
}

/** An object whose members are already JSON text. */
export const record = (members: ReadonlyArray<readonly [name: string, text: string]>): string =>
  `{${Array.from(members).sort(byCodePoint).map(([name, text]) => `${quote(name)}: ${text}`).join(", ")}}`

/** Python's order of keys: by code points, not by UTF-16 code units as in JavaScript. */
const byCodePoint = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Parses an object from JSON text. Anything else gives an empty object. */
export const parseObject = (text: string): JsonObject => {
  const value: Json = JSON.parse(text)
  return isObject(value) ? value : {}
}
