/**
 * Replaces halves of surrogate pairs. An escape in JSON can make such a half, for example if a directory cut off a name
 * in the middle of an emoji. UTF-8 cannot hold it, so each half becomes U+FFFD, the character for text that was lost.
 */
import { fieldName } from "./Wire.ts"

/** Where a half was: the index of the object in the list, and the path from there, such as `phones[].name`. */
export interface HalfPair {
  readonly index: number
  readonly path: string
}

interface Place extends HalfPair {
  readonly value: object
}

/**
 * Replaces the halves in a parsed list, in place, and returns where they were. It does not recurse, so any depth is
 * fine.
 */
export const replaceHalves = (list: unknown): ReadonlyArray<HalfPair> => {
  const halves: Array<HalfPair> = []
  const open: Array<Place> = Array.isArray(list) ? [{ value: list, index: 0, path: "" }] : []

  const text = (value: string, { index, path }: HalfPair): string => {
    if (!value.isWellFormed()) halves.push({ index, path })
    return value.toWellFormed()
  }

  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value: parent } = place
    const entries = Object.entries(parent)
    // a replaced name may be the name of another field; as always in JSON, the later field wins
    const isNew = entries.some(([name]) => !name.isWellFormed())
    for (const [name, value] of entries) {
      const key = text(name, place)
      const at: HalfPair = parent === list
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
