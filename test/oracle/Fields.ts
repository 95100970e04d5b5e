/** Counts the objects of Duo in which each field has a value, including objects within objects. */
import type { Facts } from "../../src/Outcome.ts"

export interface Fields {
  /** Adds objects of one kind, such as `users`. A list of objects within them is another kind. */
  readonly count: (kind: string, objects: ReadonlyArray<object>) => void
  readonly counted: () => Facts["fields"]
}

const isFilled = (value: unknown) =>
  value !== null && value !== undefined && value !== "" && (typeof value !== "object" || Object.keys(value).length > 0)

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

export const make = (): Fields => {
  const kinds = new Map<string, { of: number; readonly filled: Map<string, number> }>()

  const count = (kind: string, objects: ReadonlyArray<object>): void => {
    const counts = kinds.get(kind) ?? { of: 0, filled: new Map<string, number>() }
    kinds.set(kind, counts)
    counts.of += objects.length
    for (const object of objects) {
      for (const [field, value] of Object.entries(object)) {
        counts.filled.set(field, (counts.filled.get(field) ?? 0) + (isFilled(value) ? 1 : 0))
        if (Array.isArray(value) && isObject(value[0])) count(field, value)
      }
    }
  }

  return {
    count,
    counted: () =>
      Object.fromEntries(
        [...kinds].flatMap(([kind, { filled, of }]) =>
          [...filled].map(([field, times]) => [`${kind}.${field}`, { of, filled: times }])
        )
      )
  }
}
