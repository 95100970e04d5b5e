/** The metadata of a page: which is refused, and which page comes next. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { type Asked, readMetadata } from "../../../src/duo/list/Metadata.ts"

const full: Asked = { limit: 300, offset: 300, length: 300 }
const first: Asked = { limit: 300, offset: 0, length: 300 }

describe("Metadata", () => {
  const read: ReadonlyArray<
    readonly [what: string, metadata: unknown, asked: Asked, next: number | undefined, total: number | null]
  > = [
    ["a page in the middle", { next_offset: 600, prev_offset: 0, total_objects: 951 }, full, 600, 951],
    ["the last page", { prev_offset: 0, total_objects: 500 }, { ...full, length: 200 }, undefined, 500],
    ["the last page, with null", { next_offset: null, total_objects: 500 }, full, undefined, 500],
    ["the last page, with an empty text", { next_offset: "", total_objects: 500 }, full, undefined, 500],
    ["numbers as text", { next_offset: "600", total_objects: "951" }, full, 600, 951],
    ["a limit that was clamped", { next_offset: 400, total_objects: 951 }, { ...full, length: 100 }, 400, 951],
    [
      "a page that lost a user on the way",
      { next_offset: 600, total_objects: 951 },
      { ...full, length: 299 },
      600,
      951
    ],
    ["no total", { next_offset: 600 }, full, 600, null],
    ["a total that is not a count", { next_offset: 600, total_objects: { value: 1 } }, full, 600, null],
    ["a total below zero", { next_offset: 600, total_objects: -1 }, full, 600, null],
    ["a total that is wrong", { next_offset: 600, total_objects: 0 }, full, 600, 0],
    ["a first page where everything fits", undefined, { ...first, length: 299 }, undefined, 299],
    ["an empty tenant", null, { ...first, length: 0 }, undefined, 0]
  ]
  for (const [what, metadata, asked, next, total] of read) {
    it(`reads ${what}`, () => assert.deepStrictEqual(Result.getOrThrow(readMetadata(metadata, asked)), { next, total }))
  }

  const refused: ReadonlyArray<readonly [what: string, metadata: unknown, asked: Asked, why: string]> = [
    ["a full first page without metadata", undefined, first, "the first page is full and has no metadata"],
    ["a first page of 100, which may be a clamp", undefined, { ...first, length: 100 }, "is full and has no metadata"],
    ["a first page of 300, asked for 500", undefined, { limit: 500, offset: 0, length: 300 }, "has no metadata"],
    ["a first page as full as was asked for", undefined, { limit: 7, offset: 0, length: 7 }, "has no metadata"],
    ["a later page without metadata", undefined, { ...full, length: 3 }, "a later page has no metadata"],
    ["an empty later page without metadata", undefined, { ...full, length: 0 }, "a later page has no metadata"],
    ["metadata that is text", "next", full, "metadata is not an object"],
    ["the same offset", { next_offset: 300 }, full, "does not go forward"],
    ["a smaller offset", { next_offset: 0 }, full, "does not go forward"],
    ["a negative offset", { next_offset: -100 }, full, "is not a count"],
    ["an offset inside the page", { next_offset: 301 }, full, "goes back into the page"],
    ["a fraction", { next_offset: 600.5 }, full, "is not a count"],
    ["2^31", { next_offset: 2 ** 31 }, full, "skips more than a page"],
    ["2^53 + 1", { next_offset: 2 ** 53 + 1 }, full, "is not a count"],
    ["words", { next_offset: "next" }, full, "is not a count"],
    ["a log's list", { next_offset: ["1532951895000", "af0ba235"] }, full, "is not a count"],
    ["an empty page with a next one", { next_offset: 600 }, { ...full, length: 0 }, "an empty page has a next page"]
  ]
  for (const [what, metadata, asked, why] of refused) {
    it(`refuses ${what}`, () => {
      const result = readMetadata(metadata, asked)
      assert.include(Result.isFailure(result) ? result.failure : "accepted", why)
    })
  }
})
