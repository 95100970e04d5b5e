/**
 * What has been seen of a list that was read from its start once or more, and whether that proves who was in it at one
 * moment.
 *
 * Duo pages by offset over a list that changes while it is read, in an order that it does not document. But an id comes
 * into the list once and leaves it once. So whoever was seen at or before a moment, and at or after it, was there at that
 * moment; and if they are as many as Duo said there were at that moment, they are all there were. Nothing that happens
 * between two requests can make this wrong, also not what cancels out.
 *
 * The moments are those of the first page of each sweep: what was asked before has been answered, and nothing else is
 * under way, however many pages are in flight later.
 */

import { Ids } from "./Ids.ts"

/** A sweep, from its first page on. */
interface Sweep {
  /** How many Duo said there were at its moment; null if it did not say. */
  readonly total: number | null
  /** Ids in it. */
  seen: number
  /** Of those, how many were in the sweep before as well. */
  again: number
}

/** What is known of ids, by their numbers: as so many objects it would take twice the memory. */
class Sightings {
  /** The first moment, counted in sweeps, at or before which it was seen. */
  from = new Uint8Array(0)
  /** The last moment at or after which it was seen. */
  to = new Uint8Array(0)
  /** The page with its newest version, and that version; -1 once it was taken. */
  page = new Int32Array(0)
  version = new Int32Array(0)
  /** Whether it was ever another version. */
  changed = new Uint8Array(0)

  /** Makes room for so many. */
  reserve(count: number): void {
    if (count <= this.from.length) return
    const room = Math.max(1024, 2 * count)
    const bytes = (old: Uint8Array<ArrayBuffer>) => {
      const larger = new Uint8Array(room)
      larger.set(old)
      return larger
    }
    const integers = (old: Int32Array<ArrayBuffer>) => {
      const larger = new Int32Array(room)
      larger.set(old)
      return larger
    }
    this.from = bytes(this.from)
    this.to = bytes(this.to)
    this.page = integers(this.page)
    this.version = integers(this.version)
    this.changed = bytes(this.changed)
  }
}

/** Where an object was seen, and as what. */
export interface Place {
  readonly page: number
  /** Whether that is the first page of its sweep. */
  readonly first: boolean
  /** Whether it was asked for a second time, as the last one of the page before. */
  readonly repeated: boolean
  /** Any integer that is another one when the object is. */
  readonly version: number
}

export class Seen {
  readonly #ids = new Ids()
  readonly #known = new Sightings()
  readonly #sweeps: Array<Sweep> = []
  #duplicates = 0

  /** A sweep has begun, and its first page is here. */
  begin(total: number | null): void {
    this.#sweeps.push({ total, seen: 0, again: 0 })
  }

  /** An object of the sweep. Gives the page whose version of it is not the newest, if there is one. */
  add(id: string, { first, page, repeated, version }: Place): number | undefined {
    const now = this.#sweeps.length
    const found = this.#ids.get(id)
    const known = this.#known
    const to = found === undefined ? undefined : known.to[found]
    if (to === undefined || to < now) this.#count(to)
    else if (!repeated) this.#duplicates++
    if (found === undefined) {
      const number = this.#ids.add(id)
      known.reserve(number + 1)
      known.from[number] = first ? now : now + 1
      known.to[number] = now
      known.page[number] = page
      known.version[number] = version
      return undefined
    }
    const outdated = known.page[found]
    known.to[found] = now
    // of two on one page the first is kept
    if (outdated === page) return outdated
    known.page[found] = page
    if (known.version[found] !== version) known.changed[found] = 1
    known.version[found] = version
    return outdated
  }

  #count(to: number | undefined): void {
    const sweep = this.#sweeps.at(-1)
    if (sweep === undefined) return
    sweep.seen++
    if (to === this.#sweeps.length - 1) sweep.again++
  }

  /** Sweeps begun. */
  get sweeps(): number {
    return this.#sweeps.length
  }

  /** Ids in the sweep that is going on. */
  get inThisSweep(): number {
    return this.#sweeps.at(-1)?.seen ?? 0
  }

  /** Objects that came twice in a sweep. */
  get duplicates(): number {
    return this.#duplicates
  }

  /** How many Duo said there are, when the last sweep began. */
  get total(): number | null {
    return this.#sweeps.at(-1)?.total ?? null
  }

  /** Whether an id was there at a moment; whether it was seen at all if there is none. */
  #isAt(number: number, moment: number | undefined): boolean {
    const { from, to } = this.#known
    return moment === undefined || ((from[number] ?? Infinity) <= moment && moment <= (to[number] ?? 0))
  }

  #countIf(is: (number: number) => boolean): number {
    let count = 0
    for (let number = 0; number < this.#ids.size; number++) if (is(number)) count++
    return count
  }

  /** How many are known to have been there at a moment. */
  knownAt(moment: number): number {
    return this.#countIf((number) => this.#isAt(number, moment))
  }

  /** The last moment at which everybody is known; undefined if there is none. */
  proved(): number | undefined {
    return this.#sweeps.flatMap(({ total }, index) => this.knownAt(index + 1) === total ? [index + 1] : []).at(-1)
  }

  /** Whether another sweep could not prove more: Duo tells no number, or one that its own list contradicts twice. */
  isHopeless(): boolean {
    const [before, last] = [this.#sweeps.at(-2), this.#sweeps.at(-1)]
    if (last === undefined || last.total === null) return true
    return before !== undefined && before.total === last.total && last.seen === last.again && last.seen === before.seen
  }

  /** Of those known at the moment, or of all if there is none, how many were not the same whenever they were seen. */
  changed(moment: number | undefined): number {
    return this.#countIf((number) => this.#known.changed[number] === 1 && this.#isAt(number, moment))
  }

  /** Whether the newest version of an id is that of the page, and belongs to the moment; true once. */
  take(id: string, page: number, moment: number | undefined): boolean {
    const found = this.#ids.get(id)
    if (found === undefined || this.#known.page[found] !== page || !this.#isAt(found, moment)) return false
    this.#known.page[found] = -1
    return true
  }
}
