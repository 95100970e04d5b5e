/** Answers requests for the authentication log, with the parameters, the limits and the refusals of Duo. */
import { refuse, type Reply } from "../server/Reply.ts"
import * as LoginLog from "./LoginLog.ts"

export const path = "/admin/v2/logs/authentication"

/** Days for which Duo keeps the log. */
const daysKept = 180

/**
 * How Duo counts. `exact`: the number. `capped`: the number, at most 10000. `relation`: an object that says whether the
 * number is exact, as in other logs of Duo's.
 */
export type Counting = "exact" | "capped" | "relation"

const countMax = 10_000

const totalOf = (count: number, counting: Counting) => {
  const capped = Math.min(count, countMax)
  if (counting === "exact") return String(count)
  return counting === "capped"
    ? String(capped)
    : `{"relation": "${count > countMax ? "gte" : "eq"}", "value": ${capped}}`
}

const known = new Set(["mintime", "maxtime", "limit", "sort", "next_offset", "account_id"])

/** The offset in both of its forms: a list of two values, or two parameters in any order. */
const offsetOf = (values: ReadonlyArray<string>) => {
  const parts = values.flatMap((value) => value.split(","))
  const millis = parts.find((part) => /^\d{13}$/.test(part))
  const txid = parts.find((part) => /^[0-9a-f-]{36}$/.test(part))
  return parts.length === 2 && millis !== undefined && txid !== undefined
    ? { millis: Number(millis), txid }
    : undefined
}

/** `now` is in milliseconds since 1970. */
export const answer = (
  query: ReadonlyArray<readonly [name: string, value: string]>,
  log: LoginLog.LoginLog,
  counting: Counting,
  now: number
): Reply => {
  const bad = (detail: string) => refuse(40002, { detail })
  const valuesOf = (name: string) => query.filter(([other]) => other === name).map(([_, value]) => value)
  for (const [name] of query) {
    if (!known.has(name) || name !== "next_offset" && valuesOf(name).length > 1) return bad(name)
  }
  const [[mintime], [maxtime]] = [valuesOf("mintime"), valuesOf("maxtime")]
  if (mintime === undefined || maxtime === undefined) return refuse(40001)
  if (!/^\d{13}$/.test(mintime)) return bad("mintime")
  if (!/^\d{13}$/.test(maxtime)) return bad("maxtime")
  const [from, to] = [Number(mintime), Number(maxtime)]
  if (to <= from) return bad("'maxtime' must be strictly greater than 'mintime'")
  if (from < now - daysKept * 86_400_000) return bad("mintime must be within the past 180 days")
  const [limit = "100"] = valuesOf("limit")
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > 1000) return bad("limit")
  const [sort = "ts:desc"] = valuesOf("sort")
  if (sort !== "ts:asc" && sort !== "ts:desc") return bad("sort")
  const offsets = valuesOf("next_offset")
  const after = offsetOf(offsets)
  if (offsets.length > 0 && after === undefined) return bad("next_offset")

  const part = { from, to, now }
  const asked = Number(limit)
  const found = log.page(part, { limit: asked + 1, after, isAscending: sort === "ts:asc" })
  const total = totalOf(log.count(part), counting)
  return { kind: "single", text: LoginLog.response(found.slice(0, asked), total, found.length > asked) }
}
