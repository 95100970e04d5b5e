/**
 * Follows Duo's paging to its end: offsets into a live list, `metadata.next_offset` on every page but the last. What
 * would lose objects in silence or never end is an error. The guards are those of Duo's Ruby client, and more.
 *
 * A page begins with the last object of the one before it, so that one object taken out of the list before it hides
 * nobody, and that the list moved is seen.
 */
import { Array, Effect, Fiber, Option, type Result, Scope, Stream } from "effect"
import { hash } from "node:crypto"
import { listSize } from "../../duckdb/ObjectLoader.ts"
import { DuoError } from "../DuoError.ts"
import { BadPaging, UnreadableAnswer } from "../DuoReason.ts"
import type { Client } from "../http/Client.ts"
import type { Half } from "../wire/WellFormed.ts"
import type { Decoded, Refusal } from "../wire/Wire.ts"
import { readMetadata } from "./Metadata.ts"

export interface PageOptions {
  /** Objects per page; the endpoint's maximum when undefined or larger than that. */
  readonly pageSize?: number | undefined
  /** Pages in flight; 1 when undefined. */
  readonly concurrency?: number | undefined
  /** Pages that were read before, to which those that are read now are added. */
  readonly before?: PageCache | undefined
}

/** What a page says. */
export interface Content {
  /** Objects on it. */
  readonly count: number
  /** The ids of the first and the last one. */
  readonly first: string | undefined
  readonly last: string | undefined
  /** `total_objects`; null when Duo does not say it or it is no count. */
  readonly total: number | null
  /** Where the next one begins. */
  readonly next: number | undefined
}

/** Pages by their offset, and the digest of their text: one that comes again with the same bytes is not read again. */
export type PageCache = Map<number, { readonly content: Content; readonly digest: string }>

export interface Page {
  /** The very same as before when the page came again with the same bytes. */
  readonly content: Content
  readonly offset: number
  /** Its objects in order, as lists in JSON of `listSize` but for the last; undefined when it came again. */
  readonly objects: ReadonlyArray<string> | undefined
  /** Where an object had half of a surrogate pair, by its place. */
  readonly halves: ReadonlyArray<Half>
  /** The fields that nobody knows. */
  readonly unknownFields: ReadonlyArray<string>
  /** A Unix time by Duo's clock at which Duo had not yet made the answer; null if it does not say. */
  readonly notBefore: number | null
  /** Whether it begins with the last object of the page before, as it was asked to; null if it was not. */
  readonly overlaps: boolean | null
}

export interface Endpoint<A> {
  readonly path: string
  /** What Duo documents; a larger limit is clamped, not refused. */
  readonly maxPageSize: number
  readonly decode: (response: unknown) => Result.Result<Decoded<A>, Refusal>
  /** The key of an object; Duo never gives an id a second time. */
  readonly id: (value: A) => string
}

interface Fetched extends Omit<Page, "overlaps"> {
  readonly digest: string
}

/** Far beyond any tenant: a server that invents users for ever is left here. */
const pagesMax = 100_000

/** The pages in order, as the chain of `next_offset` gives them; more than one in flight are guesses, dropped if wrong. */
export const pages = <A>(
  client: Pick<Client["Service"], "call">,
  endpoint: Endpoint<A>,
  { before = new Map(), concurrency = 1, pageSize = endpoint.maxPageSize }: PageOptions
): Stream.Stream<Page, DuoError> => {
  const limit = Math.min(pageSize, endpoint.maxPageSize)
  const fetch = (offset: number) => fetchPage(client, endpoint, before, limit, offset)
  return Stream.unwrap(Effect.gen(function*() {
    const scope = yield* Scope.Scope
    const ahead = new Map<number, Fiber.Fiber<Fetched, DuoError>>()
    const joinOrFetch = (offset: number) =>
      Effect.suspend(() => {
        const fiber = ahead.get(offset)
        ahead.delete(offset)
        return fiber === undefined ? fetch(offset) : Fiber.join(fiber)
      })
    const lookAhead = Effect.fnUntraced(function*(page: Fetched) {
      const offsets = concurrency > 1 ? guesses(page, concurrency) : []
      for (const [offset, fiber] of ahead) {
        if (offsets.includes(offset)) continue
        ahead.delete(offset)
        yield* Fiber.interrupt(fiber)
      }
      for (const offset of offsets) {
        if (!ahead.has(offset)) ahead.set(offset, yield* Effect.forkIn(fetch(offset), scope))
      }
    })
    const start: Position = { offset: 0, count: 1, witness: null }
    return Stream.paginate(
      start,
      Effect.fnUntraced(function*({ count, offset, witness }) {
        const fetched = yield* joinOrFetch(offset)
        const { content, digest } = fetched
        before.set(offset, { content, digest })
        yield* lookAhead(fetched)
        const { count: objects, first, last, next, total } = content
        yield* Effect.logDebug(
          `${endpoint.path}: ${objects} of ${
            total ?? "?"
          } at offset ${offset}; ${ahead.size} in flight, ${limit} a page`
        )
        const page: Page = { ...fetched, overlaps: witness === null ? null : first === witness }
        if (next === undefined) return [[page], Option.none()] as const
        if (count >= pagesMax) return yield* bad(endpoint.path, `there are more than ${pagesMax} of them`)
        const from = following(offset, next)
        const then: Position = { offset: from, count: count + 1, witness: from < next ? last ?? null : null }
        return [[page], Option.some(then)] as const
      })
    )
  }))
}

/** Where the pager is. */
interface Position {
  readonly offset: number
  readonly count: number
  /** The id that the page is to begin with; null if it begins after the page before. */
  readonly witness: string | null
}

/** One object before the next offset; a page of one object has no room for the one before. */
const following = (offset: number, next: number) => next - 1 > offset ? next - 1 : next

/** The offsets that the chain will come to if it goes on as it did, the next one first. */
const guesses = ({ content: { next, total }, offset }: Fetched, count: number): ReadonlyArray<number> => {
  if (next === undefined) return []
  const first = following(offset, next)
  const step = first - offset
  const offsets = [first]
  // the page before a guess ends the list if it reaches the total
  for (let guess = first + step; offsets.length < count && guess + next - first < (total ?? 0); guess += step) {
    offsets.push(guess)
  }
  return offsets
}

const bad = (path: string, what: string) => new DuoError({ path, attempts: 1, reason: new BadPaging({ what }) })

const fetchPage = Effect.fn("Duo.page")(function*<A>(
  client: Pick<Client["Service"], "call">,
  { decode, id, path }: Endpoint<A>,
  before: PageCache,
  limit: number,
  offset: number
) {
  yield* Effect.annotateCurrentSpan({ "duo_mfa.offset": offset, "duo_mfa.limit": limit })
  const known = before.get(offset)
  const { halves, isKnown, metadata, notBefore, response, text } = yield* client.call(
    path,
    { limit: String(limit), offset: String(offset) },
    known && ((text) => digestOf(text) === known.digest)
  )
  if (isKnown && known !== undefined) {
    const again: Fetched = { ...known, offset, objects: undefined, halves, unknownFields: [], notBefore }
    return again
  }
  const { unknownFields, values } = yield* Effect.fromResult(decode(response)).pipe(
    Effect.mapError(({ where, why }) => {
      const reason = new UnreadableAnswer({ where: `${where} at offset ${offset}`, why })
      return new DuoError({ path, attempts: 1, reason })
    })
  )
  const place = yield* Effect.fromResult(readMetadata(metadata, { limit, offset, length: values.length })).pipe(
    Effect.mapError((what) => bad(path, `${what} (offset ${offset})`))
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
    objects: Array.chunksOf(values, listSize).map((list) => JSON.stringify(list)),
    halves,
    unknownFields,
    notBefore
  }
  return fetched
})

const digestOf = (text: string) => hash("sha256", text)
