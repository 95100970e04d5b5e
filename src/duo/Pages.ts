/**
 * Follows Duo's paging to its end: offsets into a live list, `metadata.next_offset` on every page but the last. What
 * would lose objects in silence or never end is an error. The guards are those of Duo's Ruby client, and more.
 */
import { Effect, Fiber, Option, type Result, Scope, Stream } from "effect"
import type { Client } from "./Client.ts"
import { BadPaging, DuoError, Unreadable } from "./Errors.ts"
import { readMetadata } from "./Metadata.ts"
import type { Decoded, Refusal } from "./Wire.ts"

export interface PageOptions {
  /** Objects a page; the endpoint's maximum when undefined or larger than that. */
  readonly pageSize?: number | undefined
  /** Pages in flight; 1 when undefined. */
  readonly concurrency?: number | undefined
}

export interface Page<A> extends Decoded<A> {
  readonly offset: number
  /** `total_objects` as this page has it; null when Duo does not say it or it is no count. */
  readonly total: number | null
}

export interface Endpoint<A> {
  readonly path: string
  /** What Duo documents; a larger limit is clamped, not refused. */
  readonly maxPageSize: number
  readonly decode: (response: unknown) => Result.Result<Decoded<A>, Refusal>
}

/** A page, and what it says of the next one. */
interface Fetched<A> extends Page<A> {
  readonly next: number | undefined
}

/** Far beyond any tenant: a server that invents users for ever is left here. */
const mostPages = 100_000

/** The pages in order, as the chain of `next_offset` gives them; more than one in flight are guesses, dropped if wrong. */
export const pages = <A>(
  client: Client["Service"],
  endpoint: Endpoint<A>,
  { concurrency = 1, pageSize = endpoint.maxPageSize }: PageOptions
): Stream.Stream<Page<A>, DuoError> => {
  const limit = Math.min(pageSize, endpoint.maxPageSize)
  const fetch = (offset: number) => fetchPage(client, endpoint, limit, offset)
  return Stream.unwrap(Effect.gen(function*() {
    const scope = yield* Scope.Scope
    const ahead = new Map<number, Fiber.Fiber<Fetched<A>, DuoError>>()
    const take = (offset: number) =>
      Effect.suspend(() => {
        const fiber = ahead.get(offset)
        ahead.delete(offset)
        return fiber === undefined ? fetch(offset) : Fiber.join(fiber)
      })
    const lookAhead = Effect.fnUntraced(function*(page: Fetched<A>) {
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
    return Stream.paginate(
      { offset: 0, count: 1 },
      Effect.fnUntraced(function*({ count, offset }) {
        const page = yield* take(offset)
        yield* lookAhead(page)
        if (page.next === undefined) return [[page], Option.none()] as const
        if (count >= mostPages) return yield* bad(endpoint.path, `there are more than ${mostPages} of them`)
        return [[page], Option.some({ offset: page.next, count: count + 1 })] as const
      })
    )
  }))
}

/** The offsets that the chain will come to if it goes on as it did, the next one first. */
const guesses = ({ next, offset, total }: Fetched<unknown>, count: number): ReadonlyArray<number> => {
  if (next === undefined) return []
  const offsets = [next]
  for (let guess = next + (next - offset); offsets.length < count && guess < (total ?? 0); guess += next - offset) {
    offsets.push(guess)
  }
  return offsets
}

const bad = (path: string, what: string) => new DuoError({ path, attempts: 1, reason: new BadPaging({ what }) })

const fetchPage = Effect.fn("Duo.page")(function*<A>(
  client: Client["Service"],
  { decode, path }: Endpoint<A>,
  limit: number,
  offset: number
) {
  const { metadata, response } = yield* client.call(path, { limit: String(limit), offset: String(offset) })
  const decoded = yield* Effect.fromResult(decode(response)).pipe(
    Effect.mapError(({ where, why }) => {
      const reason = new Unreadable({ where: `${where} at offset ${offset}`, why })
      return new DuoError({ path, attempts: 1, reason })
    })
  )
  const length = decoded.values.length
  const place = yield* Effect.fromResult(readMetadata(metadata, { limit, offset, length })).pipe(
    Effect.mapError((what) => bad(path, `${what} (offset ${offset})`))
  )
  const fetched: Fetched<A> = { ...decoded, ...place, offset }
  return fetched
})
