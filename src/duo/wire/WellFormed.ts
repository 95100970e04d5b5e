/**
 * Text that no file can hold: an escape in JSON can make half of a surrogate pair, such as half an emoji that somebody's
 * directory has cut off, and UTF-8 has none. Each half becomes U+FFFD, which is what stands for a character that was lost.
 */
import { fieldName } from "./Wire.ts"

/** Where there was one: the index in the list, and the way from there, such as `phones[].name`. */
export interface Half {
  readonly index: number
  readonly path: string
}

interface Place extends Half {
  readonly value: object
}

/** Mends what `JSON.parse` has made of a list, in place, and says where. A stack of its own, for JSON of any depth. */
export const mend = (list: unknown): ReadonlyArray<Half> => {
  const halves: Array<Half> = []
  const open: Array<Place> = Array.isArray(list) ? [{ value: list, index: 0, path: "" }] : []

  const text = (value: string, { index, path }: Half): string => {
    if (!value.isWellFormed()) halves.push({ index, path })
    return value.toWellFormed()
  }

  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value: parent } = place
    const entries = Object.entries(parent)
    // a name that is mended may be another's, of which the later counts, as everywhere in JSON
    const isNew = entries.some(([name]) => !name.isWellFormed())
    for (const [name, value] of entries) {
      const key = text(name, place)
      const at: Half = parent === list
        ? { index: Number(name), path: "" }
        : { index: place.index, path: Array.isArray(parent) ? `${place.path}[]` : `${place.path}.${fieldName(key)}` }
      if (typeof value === "object" && value !== null) open.push({ ...at, value })
      if (!isNew && (typeof value !== "string" || value.isWellFormed())) continue
      if (key !== name) Reflect.deleteProperty(parent, name)
      Reflect.defineProperty(parent, key, {
        value: typeof value === "string" ? text(value, at) : value,
        configurable: true,
        enumerable: true,
        writable: true
      })
    }
  }
  return halves
}
