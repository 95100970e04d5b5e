/**
 * Checks and reads a value of Duo's answer in one pass. A judge is a function that is built once from the description
 * of a value. It returns the value that is read, or `refused` if the schema would not accept the value.
 */
import { fieldName } from "./Refusal.ts"

/** An object of Duo's, before its fields are checked. */
export type Fields = Readonly<Record<string, unknown>>

/** `of` is the object that has the value as a field. The judge adds the names of unknown fields to `unknown`. */
export type Judge = (value: unknown, of: Fields, unknown: Set<string>) => unknown

/** The result for a value that is not accepted. */
export const refused = Symbol("refused")

/** The object for a value that is not a field of an object. */
export const noFields: Fields = {}

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Whether a value stands for an empty list or an empty object. Other languages write them in different ways. */
export const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0)

/** Accepts a value if `is` accepts it, or else if `is` accepts the result of `read`. */
export const scalar =
  (is: (value: unknown) => boolean, read: (value: unknown, of: Fields) => unknown): Judge => (value, of) => {
    if (is(value)) return value
    const other = read(value, of)
    return is(other) ? other : refused
  }

/** Accepts a list, and removes its nulls. */
export const list = (item: Judge): Judge => (value, _, unknown) => {
  if (!Array.isArray(value)) return isEmpty(value) ? [] : refused
  const items: Array<unknown> = []
  for (const one of value) {
    if (one === null) continue
    const judged = item(one, noFields, unknown)
    if (judged === refused) return refused
    items.push(judged)
  }
  return items
}

/** Accepts null, and every value that another judge accepts. */
export const nullOr = (judge: Judge): Judge => (value, _, unknown) =>
  value === undefined || value === null ? null : judge(value, noFields, unknown)

/** How many names of unknown fields are collected from one page. */
const unknownMax = 100

/**
 * Accepts an object, and returns every field in the order of the description. `ignored` has the names of known fields
 * that are not read. `at` is the path of the object, such as `phones[].`.
 */
export const object = (
  fields: ReadonlyMap<string, Judge>,
  ignored: ReadonlyArray<string> | "others",
  at: string
): Judge => {
  // A copy of an object with every field is several times faster than an object to which fields are added,
  // and Object.assign copies faster than a spread.
  const absent = new Map([...fields].map(([name, judge]) => [name, judge(undefined, noFields, new Set())]))
  const template = Object.fromEntries(absent)
  const required = [...fields].filter(([name]) => absent.get(name) === refused)
  const known = new Map<string, Judge | null>([
    ...(ignored === "others" ? [] : ignored).map((name) => [name, null] as const),
    ...fields,
    ...required.map(([name]) => [name, null] as const)
  ])
  return (value, _, unknown) => {
    if (!isFields(value)) return refused
    const object: Record<string, unknown> = Object.assign({}, template)
    for (const [name, judge] of required) {
      const judged = judge(value[name], value, unknown)
      if (judged === refused) return refused
      object[name] = judged
    }
    for (const name in value) {
      const judge = known.get(name)
      if (judge === undefined) {
        if (ignored !== "others" && unknown.size < unknownMax) unknown.add(at + fieldName(name))
      } else if (judge !== null) {
        const judged = judge(value[name], value, unknown)
        if (judged === refused) return refused
        object[name] = judged
      }
    }
    return object
  }
}
