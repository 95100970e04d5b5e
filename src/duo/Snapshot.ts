/**
 * Reads a list of Duo's until it is proved who was in it at one moment, or until that looks hopeless. What was read waits
 * in a scratch directory, for only at the end is it known what belongs to the snapshot, and which version is the newest.
 */
import { Effect, Stream } from "effect"
import { Headers } from "effect/http"
import type { Expected } from "../Expected.ts"
import type { Scratch } from "../Pipeline.ts"
import * as Meters from "../telemetry/Meters.ts"
import { interpret } from "./Answer.ts"
import { DuoError, Unreadable } from "./Errors.ts"
import type { Before, Endpoint, Page, PageOptions } from "./Pages.ts"
import { Seen } from "./Seen.ts"
import type { Decoded } from "./Wire.ts"

/** How far the reading is. */
export interface Reading {
  /** How often the list was begun. */
  readonly sweep: number
  /** Objects seen in this sweep. */
  readonly seen: number
  /** How many Duo says there are; null if it does not. */
  readonly total: number | null
  /** Pages of all sweeps. */
  readonly pages: number
}

export interface SnapshotOptions extends PageOptions {
  /** What the objects are called: `users`. */
  readonly what: string
  readonly scratch: Scratch
  /** Is told of every page. */
  readonly onPage: (reading: Reading) => Effect.Effect<void>
}

export interface Snapshot<A> {
  /** Why it is not proved who was in the list at one moment; null if it is. */
  readonly doubt: string | null
  /** How many Duo said there were, at that moment if it is proved. */
  readonly total: number | null
  readonly pages: number
  readonly sweeps: number
  /** Objects that came twice in a sweep. */
  readonly duplicates: number
  /** Of the objects of the snapshot, how many changed while they were read. */
  readonly changed: number
  /**
   * Every object once, as it was read last: those of the proved moment, or all that were seen. To be read once; an
   * element is a page.
   */
  readonly values: Stream.Stream<Decoded<A>, Expected>
}

/** The list is read from its start at most so often. */
const mostSweeps = 5

/** Reads a list of which `pages` is one sweep, an element a page; it may use what it has read before. */
export const read = Effect.fn("Duo.snapshot")(function*<A, E>(
  list: Pick<Endpoint<A>, "decode" | "id" | "path">,
  pages: (before: Before) => Stream.Stream<Page, E>,
  { onPage, scratch, what }: SnapshotOptions
) {
  yield* Effect.annotateCurrentSpan("duo_mfa.list", what)
  const seen = new Seen()
  const file = (page: number) => `${what}-${page}.json`
  /** By page: how many objects have their newest version on it. */
  const newest: Array<number> = []
  /** A page that comes again as it was has the same list of ids, the very same. */
  const pageOf = new WeakMap<ReadonlyArray<string>, number>()
  let moved = 0

  const take = Effect.fnUntraced(function*({ held, ids, text, total, versions }: Page, first: boolean) {
    if (first) seen.begin(total)
    if (held === false) moved++
    const page = newest.push(ids.length) - 1
    const outdated = new Set<number>()
    for (const [index, id] of ids.entries()) {
      const repeated = index === 0 && held === true
      const before = seen.add(id, { page, first, repeated, version: versions[index] ?? 0 })
      if (before === undefined) continue
      newest[before] = (newest[before] ?? 0) - 1
      if (newest[before] === 0) outdated.add(before)
    }
    const twin = pageOf.get(ids)
    if (twin !== undefined && outdated.delete(twin)) yield* scratch.rename(file(twin), file(page))
    else if (ids.length > 0) yield* scratch.write(file(page), text)
    pageOf.set(ids, page)
    for (const before of outdated) yield* scratch.remove(file(before))
    yield* Meters.paged(what)
    yield* onPage({ sweep: seen.sweeps, seen: seen.inThisSweep, total: seen.total, pages: newest.length })
  })

  const before: Before = new Map()
  let moment: number | undefined
  do {
    let first = true
    yield* Stream.runForEach(pages(before), (page) =>
      Effect.suspend(() => {
        const taking = take(page, first)
        first = false
        return taking
      })).pipe(Effect.withSpan("Duo.sweep", { attributes: { "duo_mfa.sweep": seen.sweeps + 1 } }))
    moment = seen.proved()
  } while (moment === undefined && !seen.isHopeless() && seen.sweeps < mostSweeps)
  // it has the ids of all pages, and nothing is read again
  before.clear()

  const snapshot: Snapshot<A> = {
    doubt: moment === undefined ? doubtOf(seen, what, moved) : null,
    total: moment === undefined ? seen.total : seen.knownAt(moment),
    pages: newest.length,
    sweeps: seen.sweeps,
    duplicates: seen.duplicates,
    changed: seen.changed(moment),
    values: Stream.fromIterable(newest.keys()).pipe(
      Stream.filter((page) => newest[page] !== 0),
      Stream.mapEffect(Effect.fnUntraced(function*(page) {
        const { halves, unknownFields, values } = yield* decodeAgain(list, yield* scratch.read(file(page)))
        yield* scratch.remove(file(page))
        const taken = values.map((value) => seen.take(list.id(value), page, moment))
        return {
          unknownFields,
          halves: halves.flatMap(({ index, path }) => taken[index] === true ? [path.replace(/^\./, "")] : []),
          values: values.filter((_, index) => taken[index])
        }
      }))
    )
  }
  return snapshot
})

/** A page that was decoded before. */
const decodeAgain = <A>({ decode, path }: Pick<Endpoint<A>, "decode" | "path">, text: string) =>
  Effect.fromResult(interpret({ status: 200, headers: Headers.empty, text, now: 0 })).pipe(
    Effect.flatMap(({ halves, response }) =>
      Effect.map(Effect.fromResult(decode(response)), (decoded) => ({ ...decoded, halves }))
    ),
    Effect.mapError(() => {
      const reason = new Unreadable({ where: "a page", why: "was not kept as it came" })
      return new DuoError({ path, attempts: 0, reason })
    })
  )

const doubtOf = (seen: Seen, what: string, moved: number): string =>
  seen.total === null
    ? `Duo did not say how many ${what} there are`
    : seen.isHopeless()
    ? `Duo counts ${seen.total} ${what} and lists ${seen.inThisSweep}`
    : `the list of ${what} would not hold still: read ${seen.sweeps} times, it was seen to move ${moved} times, and ` +
      `${seen.knownAt(seen.sweeps)} of ${seen.total} are known to have been there at one time`
