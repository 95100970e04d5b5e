/**
 * What `metadata` says of a page: how many objects there are, and where the next page begins. Whatever would skip objects,
 * repeat them or end too early is refused here, in words.
 */
import { Result } from "effect"

/** The page that the metadata came with. */
export interface Asked {
  readonly limit: number
  readonly offset: number
  /** How many objects came; Duo clamps a limit that is too large, so that fewer than `limit` do not mean the end. */
  readonly length: number
}

export interface PagePlace {
  /** `total_objects`; null when Duo does not say it or it is no count. Good for progress and proof, not for paging. */
  readonly total: number | null
  /** The next page's offset; undefined on the last page. */
  readonly next: number | undefined
}

/** The sizes that Duo cuts pages to: a first page of exactly so many, without metadata, may not be all there is. */
const clamps = new Set([100, 300, 500])

export const readMetadata = (metadata: unknown, asked: Asked): Result.Result<PagePlace, string> => {
  if (metadata === undefined || metadata === null) return withoutMetadata(asked)
  if (typeof metadata !== "object") return Result.fail("metadata is no object")
  const total = "total_objects" in metadata ? countOf(metadata.total_objects) ?? null : null
  const nextOffset = "next_offset" in metadata ? metadata.next_offset : undefined
  if (nextOffset === undefined || nextOffset === null || nextOffset === "") {
    return Result.succeed({ total, next: undefined })
  }
  const next = countOf(nextOffset)
  if (next === undefined) return Result.fail("next_offset is no count")
  return Result.map(following(next, asked), (next) => ({ total, next }))
}

/** Duo leaves the metadata out when everything fits into the first page, and nowhere else. */
const withoutMetadata = ({ length, limit, offset }: Asked): Result.Result<PagePlace, string> => {
  if (offset > 0) return Result.fail("a later page has no metadata")
  return length >= limit || clamps.has(length)
    ? Result.fail("the first page is full and has no metadata, so that nobody knows whether it is the last")
    : Result.succeed({ total: length, next: undefined })
}

const following = (next: number, { length, limit, offset }: Asked): Result.Result<number, string> => {
  if (length === 0) return Result.fail("an empty page names a next one")
  if (next <= offset) return Result.fail("next_offset does not go forward")
  if (next < offset + length) return Result.fail("next_offset goes back into the page")
  return next > offset + Math.max(limit, length)
    ? Result.fail("next_offset skips more than a page")
    : Result.succeed(next)
}

/** A number, or its digits as text. */
const countOf = (value: unknown): number | undefined => {
  const count = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : undefined
}
