/**
 * Reads the `metadata` of a page: how many objects the list has, and where the next page begins. Metadata that would
 * skip objects, repeat a page or end the list too early is refused with a sentence that says why.
 */
import { Result } from "effect"

/** The page that the metadata is about. */
export interface Asked {
  readonly limit: number
  readonly offset: number
  /** How many objects came. Fewer than `limit` do not mean the end, because Duo lowers a limit that is too large. */
  readonly length: number
}

export interface PagePlace {
  /**
   * `total_objects`; null when Duo does not send it or it is not a count. Used for progress and proof, never for
   * paging.
   */
  readonly total: number | null
  /** The offset of the next page; undefined on the last page. */
  readonly next: number | undefined
}

/**
 * The page sizes to which Duo lowers a limit. A first page of such a size without metadata may not be the whole list.
 */
const clamps = new Set([100, 300, 500])

export const readMetadata = (metadata: unknown, asked: Asked): Result.Result<PagePlace, string> => {
  if (metadata === undefined || metadata === null) return withoutMetadata(asked)
  if (typeof metadata !== "object") return Result.fail("metadata is not an object")
  const total = "total_objects" in metadata ? countOf(metadata.total_objects) ?? null : null
  const nextOffset = "next_offset" in metadata ? metadata.next_offset : undefined
  if (nextOffset === undefined || nextOffset === null || nextOffset === "") {
    return Result.succeed({ total, next: undefined })
  }
  const next = countOf(nextOffset)
  if (next === undefined) return Result.fail("next_offset is not a count")
  return Result.map(checkNext(next, asked), (next) => ({ total, next }))
}

/** Duo leaves the metadata out only when the whole list fits into the first page. */
const withoutMetadata = ({ length, limit, offset }: Asked): Result.Result<PagePlace, string> => {
  if (offset > 0) return Result.fail("a later page has no metadata")
  return length >= limit || clamps.has(length)
    ? Result.fail("the first page is full and has no metadata, so it is not known whether it is the last")
    : Result.succeed({ total: length, next: undefined })
}

const checkNext = (next: number, { length, limit, offset }: Asked): Result.Result<number, string> => {
  if (length === 0) return Result.fail("an empty page has a next page")
  if (next <= offset) return Result.fail("next_offset does not go forward")
  if (next < offset + length) return Result.fail("next_offset goes back into the page")
  return next > offset + Math.max(limit, length)
    ? Result.fail("next_offset skips more than a page")
    : Result.succeed(next)
}

/** A count, as a number or as text; undefined for everything else. */
const countOf = (value: unknown): number | undefined => {
  const count = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : undefined
}
