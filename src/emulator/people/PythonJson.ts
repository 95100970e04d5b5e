/** JSON text as Python's `json.dumps(sort_keys=True)` writes it, which is how Duo's answers look on the wire. */
import type { Schema } from "effect"

export type Json = Schema.Json
export type JsonObject = Readonly<Record<string, Json>>

/** A JSON string literal in pure ASCII: everything else as \uXXXX, a pair of them beyond the basic plane. */
export const quote = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)

/** Keys sorted at every level, ", " and ": " between. */
export const dumps = (value: Json): string => {
  if (typeof value === "string") return quote(value)
  if (Object.is(value, -0)) return "-0.0"
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  if (isList(value)) return `[${value.map(dumps).join(", ")}]`
  return record(Object.entries(value).map(([name, member]) => [name, dumps(member)]))
}

/** An object whose members are JSON text already. */
export const record = (members: ReadonlyArray<readonly [name: string, text: string]>): string =>
  `{${Array.from(members).sort(byCodePoint).map(([name, text]) => `${quote(name)}: ${text}`).join(", ")}}`

/** Python's order, which is that of the UTF-8 bytes and not of JavaScript's code units. */
const byCodePoint = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))

/** An object out of JSON text, or an empty one. */
export const parseObject = (text: string): JsonObject => {
  const value: Json = JSON.parse(text)
  return typeof value === "object" && value !== null && !isList(value) ? value : {}
}
