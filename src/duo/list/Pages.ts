/**
 * Reads a list of Duo's page by page, to its end.
 *
 * Duo pages by offsets into a live list: every page except the last has `metadata.next_offset`. Paging that would
 * silently lose objects or never end is an error. The checks are those of Duo's Ruby client, and a few more.
 *
 * Pages overlap by one object: a page begins with the last object of the page before it. So one deletion earlier in the
 * list skips nobody, and a changed overlap shows that the list moved.
 */
import { Effect, Fiber, Option, type Result, Scope, Stream } from "effect"
import { hash } from "node:crypto"
import * as ObjectLoader from "../../duckdb/ObjectLoader.ts"
import { DuoError } from "../DuoError.ts"
import { BadPaging, UnreadableAnswer } from "../DuoReason.ts"
import type { Client } from "../http/Client.ts"
import type { Decoded } from "../wire/Decoder.ts"
import type { HalfPair } from "../wire/WellFormed.ts"
import type { Refusal } from "../wire/Wire.ts"
import { readMetadata } from "./Metadata.ts"

export interface PageOptions {
  /** Objects per page; the endpoint's maximum when undefined or larger than that. */
  readonly pageSize?: number | undefined
  /** Pages in flight; 1 when undefined. */
  readonly concurrency?: number | undefined
  /** The pages of earlier readings. Every page that is read now is added to it. */
  readonly cache?: PageCache | undefined
}

/** What is kept of a page, apart from its objects. */
export interface Content {
  /** How many objects are on the page. */
  readonly count: number
  /** The ids of the first and the last object; undefined if the page is empty. */
  readonly first: string | undefined
  readonly last: string | undefined
  /** `total_objects`; null when Duo does not send it or it is not a count. */
  readonly total: number | null
  /** `next_offset`; undefined on the last page. */
  readonly next: number | undefined
}

/**
 * Pages by their offset, with the digest of their text: a page that comes again with the same bytes is not parsed
 * again.
 */
export type PageCache = Map<number, { readonly content: Content; readonly digest: string }>

export interface Page {
  /** If the page came again with the same bytes, this is the object of the earlier reading. */
  readonly content: Content
  readonly offset: number
  /** The objects in their order. Undefined if the page came again with the same bytes. */
  readonly objects: ReadonlyArray<ObjectLoader.Objects> | undefined
  /** Where text of an object had half of a surrogate pair. */
  readonly halves: ReadonlyArray<HalfPair>
  /** The names of fields that the schema does not know. */
  readonly unknownFields: ReadonlyArray<string>
  /** A Unix time by Duo's clock before Duo made the answer; null if the answer does not show one. */
  readonly notBefore: number | null
  /**
   * Whether the page begins with the last object of the page before it; null if the request did not ask for an overlap.
   */
  readonly overlaps: boolean | null
}

export interface Endpoint<A> {
  readonly path: string
  /** The maximum that Duo documents. Duo lowers a larger limit to it and does not refuse the request. */
  readonly maxPageSize: number
  readonly columns: ObjectLoader.Columns
  readonly decode: (response: unknown) => Result.Result<Decoded<A>, Refusal>
  /** The id of an object. Duo never uses an id again. */
  readonly id: (value: A) => string
}

interface Fetched extends Omit<Page, "overlaps"> {
  readonly digest: string
}

/** Far more than any tenant has. It stops a server that never ends its list. */
const pagesMax = 100_000

/**
 * The pages in the order of their `next_offset`. If more than one page may be in flight, the others are fetched at
 * offsets that are guessed; a wrong guess is dropped.
 */
export const pages = <A>(
  client: Pick<Client["Service"], "call">,
  endpoint: Endpoint<A>,
  { cache = new Map(), concurrency = 1, pageSize = endpoint.maxPageSize }: PageOptions
): Stream.Stream<Page, DuoError> => {
  const limit = Math.min(pageSize, endpoint.maxPageSize)
  const fetch = (offset: number) => fetchPage(client, endpoint, cache, limit, offset)
  return Stream.unwrap(Effect.gen(function*() {
    const scope = yield* Scope.Scope
    const inFlight = new Map<number, Fiber.Fiber<Fetched, DuoError>>()
    const joinOrFetch = (offset: number) =>
      Effect.suspend(() => {
        const fiber = inFlight.get(offset)
        inFlight.delete(offset)
        return fiber === undefined ? fetch(offset) : Fiber.join(fiber)
      })
    const prefetch = Effect.fnUntraced(function*(page: Fetched) {
      const offsets = concurrency > 1 ? guessOffsets(page, concurrency) : []
      for (const [offset, fiber] of inFlight) {
        if (offsets.includes(offset)) continue
        inFlight.delete(offset)
        yield* Fiber.interrupt(fiber)
      }
      for (const offset of offsets) {
        if (!inFlight.has(offset)) inFlight.set(offset, yield* Effect.forkIn(fetch(offset), scope))
      }
    })
    const start: Position = { offset: 0, pages: 1, overlapId: null }
    return Stream.paginate(
      start,
      Effect.fnUntraced(function*({ offset, overlapId, pages }) {
        const fetched = yield* joinOrFetch(offset)
        const { content, digest } = fetched
        cache.set(offset, { content, digest })
        yield* prefetch(fetched)
        const { count: objects, first, last, next, total } = content
        yield* Effect.logDebug(
          `${endpoint.path}: ${objects} of ${
            total ?? "?"
          } at offset ${offset}; ${inFlight.size} in flight, ${limit} per page`
        )
        const page: Page = { ...fetched, overlaps: overlapId === null ? null : first === overlapId }
        if (next === undefined) return [[page], Option.none()] as const
        if (pages >= pagesMax) return yield* badPaging(endpoint.path, `there are more than ${pagesMax} of them`)
        const nextOffset = withOverlap(offset, next)
        const position: Position = {
          offset: nextOffset,
          pages: pages + 1,
          overlapId: nextOffset < next ? last ?? null : null
        }
        return [[page], Option.some(position)] as const
      })
    )
  }))
}

/** The page that is read next. */
interface Position {
  readonly offset: number
  /** Its number, from 1. */
  readonly pages: number
  /** The id that the page begins with unless the list moved; null if it does not overlap with the page before it. */
  readonly overlapId: string | null
}

/** One object before the next offset. A page of one object cannot overlap: the list would never end. */
const withOverlap = (offset: number, next: number) => next - 1 > offset ? next - 1 : next

/** The next offset, and the ones after it if all pages are as long as this one. */
const guessOffsets = ({ content: { next, total }, offset }: Fetched, count: number): ReadonlyArray<number> => {
  if (next === undefined) return []
  const first = withOverlap(offset, next)
  const step = first - offset
  const offsets = [first]
  // a page that reaches the total is the last one, so no page after it is guessed
  for (let guess = first + step; offsets.length < count && guess + next - first < (total ?? 0); guess += step) {
    offsets.push(guess)
  }
  return offsets
}

const badPaging = (path: string, what: string) => new DuoError({ path, attempts: 1, reason: new BadPaging({ what }) })

const fetchPage = Effect.fn("Duo.page")(function*<A>(
  client: Pick<Client["Service"], "call">,
  { columns, decode, id, path }: Endpoint<A>,
  cache: PageCache,
  limit: number,
  offset: number
) {
  yield* Effect.annotateCurrentSpan({ "duo_mfa.offset": offset, "duo_mfa.limit": limit })
  const known = cache.get(offset)
  const { halves, isKnown, metadata, notBefore, response, text } = yield* client.call(
    path,
    { limit: String(limit), offset: String(offset) },
    known && ((text) => digestOf(text) === known.digest)
  )
  if (isKnown && known !== undefined) {
    const unchanged: Fetched = { ...known, offset, objects: undefined, halves, unknownFields: [], notBefore }
    return unchanged
  }
  const { unknownFields, values } = yield* Effect.fromResult(decode(response)).pipe(
    Effect.mapError(({ where, why }) => {
      const reason = new UnreadableAnswer({ where: `${where} at offset ${offset}`, why })
      return new DuoError({ path, attempts: 1, reason })
    })
  )
  const place = yield* Effect.fromResult(readMetadata(metadata, { limit, offset, length: values.length })).pipe(
    Effect.mapError((what) => badPaging(path, `${what} (offset ${offset})`))
  )
  const [first, last] = [values.at(0), values.at(-1)]
  const fetched: Fetched = {
    content: {
      ...place,
      count: values.length,
      first: first === undefined ? undefined : id(first),
      last: last === undefined ? undefined : id(last)
    },
    digest: digestOf(text),
    offset,
    objects: ObjectLoader.encode(columns, values),
    halves,
    unknownFields,
    notBefore
  }
  return fetched
})

const digestOf = (text: string) => hash("sha256", text)
