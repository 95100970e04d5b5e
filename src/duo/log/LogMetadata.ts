/** Reads the `metadata` of a page of a log: how many entries there are, and where the next page begins. */
import type { LogCount, LogOffset } from "./Counting.ts"

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const integer = (value: unknown): number | undefined => {
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

/** Duo's logs are counted up to this number. A count that is this number may stand for more. */
const countMax = 10_000

/**
 * `total_objects` is a number, or an object that says whether its value is the number (`eq`) or less than it. The value
 * of such a limit shows that smaller parts may be counted; a smaller value that is not exact shows that none are.
 */
export const countOf = (metadata: unknown): LogCount => {
  const total = isObject(metadata) && "total_objects" in metadata ? metadata.total_objects : undefined
  const relation = isObject(total) && "relation" in total ? total.relation : "eq"
  const value = integer(isObject(total) && "value" in total ? total.value : total)
  if (value === undefined) return "unknown"
  if (value === countMax || relation !== "eq" && value > countMax) return "too many"
  return relation === "eq" ? value : "unknown"
}

/** `next_offset` is a list of milliseconds and a transaction, or a text of both with a comma. */
export const nextOf = (metadata: unknown): LogOffset | undefined => {
  const offset = isObject(metadata) && "next_offset" in metadata ? metadata.next_offset : undefined
  const parts = typeof offset === "string" ? offset.split(",") : Array.isArray(offset) ? offset.map(String) : []
  const [millis = "", txid = "", ...others] = parts
  return /^\d{1,16}$/.test(millis) && txid !== "" && others.length === 0 ? [millis, txid] : undefined
}
