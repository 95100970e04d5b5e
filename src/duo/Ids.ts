/**
 * Numbers for ids, 0 for the first, in the order in which they come. The ids are bytes one after the other, found by a
 * table of hashes that is at most half full: as strings in a Map they take several times as much.
 */

/** UTF-8 takes no more bytes for a unit of a string. */
const mostBytes = 3

/** What a place holds that no number has. */
const free = 0

export class Ids {
  #size = 0
  #text = Buffer.alloc(1 << 15)
  /** By number: where its id ends, which is where the next one begins. */
  #ends = new Uint32Array(1 << 10)
  /** The numbers, each and one more, at the hash of the id or in the next place that was free. */
  #places = new Uint32Array(2 * this.#ends.length)

  /** How many there are. */
  get size(): number {
    return this.#size
  }

  /** The number of an id; undefined if it was not added. */
  get(id: string): number | undefined {
    const place = this.#places[this.#find(this.#write(id))] ?? free
    return place === free ? undefined : place - 1
  }

  /** Gives a number to an id that has none. */
  add(id: string): number {
    if (this.#size === this.#ends.length) this.#grow()
    const number = this.#size
    const end = this.#write(id)
    this.#places[this.#find(end)] = number + 1
    this.#ends[number] = end
    this.#size++
    return number
  }

  /** Writes an id behind the others; gives where it ends. */
  #write(id: string): number {
    const start = this.#start(this.#size)
    const room = start + id.length * mostBytes
    if (room > this.#text.length) this.#text = Buffer.concat([this.#text], 2 * room)
    return start + this.#text.write(id, start)
  }

  #start(number: number): number {
    return number === 0 ? 0 : this.#ends[number - 1] ?? 0
  }

  /** The place of the id that was written last, or the one that is free for it. */
  #find(end: number): number {
    const start = this.#start(this.#size)
    let place = this.#hash(start, end)
    while (true) {
      const number = (this.#places[place] ?? free) - 1
      if (number < 0 || this.#text.compare(this.#text, start, end, this.#start(number), this.#ends[number]) === 0) {
        return place
      }
      place = (place + 1) % this.#places.length
    }
  }

  /** FNV-1a, as a place. */
  #hash(start: number, end: number): number {
    let hash = 0x811c9dc5
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (this.#text[at] ?? 0), 0x01000193)
    return (hash >>> 0) % this.#places.length
  }

  #grow(): void {
    const ends = new Uint32Array(2 * this.#ends.length)
    ends.set(this.#ends)
    this.#ends = ends
    this.#places = new Uint32Array(2 * ends.length)
    for (let number = 0; number < this.#size; number++) {
      let place = this.#hash(this.#start(number), this.#ends[number] ?? 0)
      while (this.#places[place] !== free) place = (place + 1) % this.#places.length
      this.#places[place] = number + 1
    }
  }
}
