/**
 * Follows Duo's paging to its end: offsets into a live list, `metadata.next_offset` on every page but the last. What
 * would lose objects in silence or never end is an error. The guards are those of Duo's Ruby client, and more.
 *
 * A page begins with the last object of the one before it, so that one object taken out of the list before it hides
 * nobody, and that the list moved is seen.
 */
import { Effect, Fiber, Option, type Result, Scope, Stream } from "effect"
import { hash } from "node:crypto"
import { crc32 } from "node:zlib"
import type { Client } from "./Client.ts"
import { BadPaging, DuoError, Unreadable } from "./Errors.ts"
import { readMetadata } from "./Metadata.ts"
import type { Decoded, Refusal } from "./Wire.ts"

export interface PageOptions {
  /** Objects a page; the endpoint's maximum when undefined or larger than that. */
  readonly pageSize?: number | undefined
  /** Pages in flight; 1 when undefined. */
  readonly concurrency?: number | undefined
  /** Pages that were read before, to which those that are read now are added. */
  readonly before?: Before | undefined
}

/** What a page says. */
export interface Listed {
  /** Who is on it. */
  readonly ids: ReadonlyArray<string>
  /** By place: an integer that is another one when the object is. */
  readonly versions: Int32Array
  /** `total_objects` as this page has it; null when Duo does not say it or it is no count. */
  readonly total: number | null
  /** Where the next one begins. */
  readonly next: number | undefined
}

/** Pages by their offset, and the digest of their text: one that comes again as it was need not be read again. */
export type Before = Map<number, Listed & { readonly digest: string }>

export interface Page extends Omit<Listed, "next"> {
  readonly offset: number
  /** The answer as it came. */
  readonly text: string
  /** Whether it begins with the last object of the page before, as it was asked to; null if it was not. */
  readonly held: boolean | null
}

export interface Endpoint<A> {
  readonly path: string
  /** What Duo documents; a larger limit is clamped, not refused. */
  readonly maxPageSize: number
  readonly decode: (response: unknown) => Result.Result<Decoded<A>, Refusal>
  /** What an object is known by; Duo never gives an id a second time. */
  readonly id: (value: A) => string
}

interface Fetched extends Listed {
  readonly offset: number
  readonly text: string
}

/** Far beyond any tenant: a server that invents users for ever is left here. */
const mostPages = 100_000

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
    const take = (offset: number) =>
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
        const fetched = yield* take(offset)
        yield* lookAhead(fetched)
        const { ids, next, total } = fetched
        yield* Effect.logDebug(
          `${endpoint.path}: ${ids.length} of ${
            total ?? "?"
          } at offset ${offset}; ${ahead.size} in flight, ${limit} a page`
        )
        const page: Page = { ...fetched, held: witness === null ? null : ids.at(0) === witness }
        if (next === undefined) return [[page], Option.none()] as const
        if (count >= mostPages) return yield* bad(endpoint.path, `there are more than ${mostPages} of them`)
        const from = following(offset, next)
        const then: Position = { offset: from, count: count + 1, witness: from < next ? ids.at(-1) ?? null : null }
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
const guesses = ({ next, offset, total }: Fetched, count: number): ReadonlyArray<number> => {
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

const versionOf = (value: unknown) => crc32(JSON.stringify(value)) | 0

const fetchPage = Effect.fn("Duo.page")(function*<A>(
  client: Pick<Client["Service"], "call">,
  { decode, id, path }: Endpoint<A>,
  before: Before,
  limit: number,
  offset: number
) {
  yield* Effect.annotateCurrentSpan({ "duo_mfa.offset": offset, "duo_mfa.limit": limit })
  const known = before.get(offset)
  const { isKnown, metadata, response, text } = yield* client.call(
    path,
    { limit: String(limit), offset: String(offset) },
    known && ((text) => digestOf(text) === known.digest)
  )
  if (isKnown && known !== undefined) return { ...known, offset, text }
  const { values } = yield* Effect.fromResult(decode(response)).pipe(
    Effect.mapError(({ where, why }) => {
      const reason = new Unreadable({ where: `${where} at offset ${offset}`, why })
      return new DuoError({ path, attempts: 1, reason })
    })
  )
  const place = yield* Effect.fromResult(readMetadata(metadata, { limit, offset, length: values.length })).pipe(
    Effect.mapError((what) => bad(path, `${what} (offset ${offset})`))
  )
  const listed: Listed = { ...place, ids: values.map(id), versions: Int32Array.from(values, versionOf) }
  before.set(offset, { ...listed, digest: digestOf(text) })
  const fetched: Fetched = { ...listed, offset, text }
  return fetched
})

const digestOf = (text: string) => hash("sha256", text)
