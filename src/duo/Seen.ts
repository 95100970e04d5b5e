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

/** A sweep, from its first page on. */
interface Sweep {
  /** How many Duo said there were at its moment; null if it did not say. */
  readonly total: number | null
  /** Ids in it. */
  seen: number
  /** Of those, how many were in the sweep before as well. */
  again: number
}

/** What is known of an id. */
interface Sighting {
  /** The first moment, counted in sweeps, at or before which it was seen. */
  readonly from: number
  /** The last moment at or after which it was seen. */
  to: number
  /** The page with its newest version, and that version; -1 once it was taken. */
  page: number
  version: number
  /** Whether it was ever another version. */
  changed: boolean
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
  readonly #ids = new Map<string, Sighting>()
  readonly #sweeps: Array<Sweep> = []
  #duplicates = 0

  /** A sweep has begun, and its first page is here. */
  begin(total: number | null): void {
    this.#sweeps.push({ total, seen: 0, again: 0 })
  }

  /** An object of the sweep. Gives the page whose version of it is not the newest, if there is one. */
  add(id: string, at: Place): number | undefined {
    const now = this.#sweeps.length
    const found = this.#ids.get(id)
    if (found === undefined || found.to < now) this.#count(found)
    else if (!at.repeated) this.#duplicates++
    if (found === undefined) {
      const { first, page, version } = at
      this.#ids.set(id, { from: first ? now : now + 1, to: now, page, version, changed: false })
      return undefined
    }
    const outdated = found.page
    found.to = now
    // of two on one page the first is kept
    if (outdated === at.page) return outdated
    found.page = at.page
    found.changed ||= found.version !== at.version
    found.version = at.version
    return outdated
  }

  #count(found: Sighting | undefined): void {
    const sweep = this.#sweeps.at(-1)
    if (sweep === undefined) return
    sweep.seen++
    if (found?.to === this.#sweeps.length - 1) sweep.again++
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

  /** How many are known to have been there at a moment. */
  knownAt(moment: number): number {
    let known = 0
    for (const { from, to } of this.#ids.values()) if (from <= moment && moment <= to) known++
    return known
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
    let changed = 0
    for (const sighting of this.#ids.values()) if (sighting.changed && isAt(sighting, moment)) changed++
    return changed
  }

  /** Whether the newest version of an id is that of the page, and belongs to the moment; true once. */
  take(id: string, page: number, moment: number | undefined): boolean {
    const found = this.#ids.get(id)
    if (found === undefined || found.page !== page || !isAt(found, moment)) return false
    found.page = -1
    return true
  }
}

const isAt = ({ from, to }: Sighting, moment: number | undefined) =>
  moment === undefined || (from <= moment && moment <= to)
