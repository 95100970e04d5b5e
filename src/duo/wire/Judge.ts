/**
 * A judge reads a value of Duo's answer and checks it in one pass. It is a closure, built once from the description of
 * the value, and gives `refused` for a value that the schema would not accept.
 */
import { fieldName } from "./Refusal.ts"

/** An object of Duo's, before its fields are judged. */
export type Fields = Readonly<Record<string, unknown>>

/** `of` is the object that has the value as a field; `unknown` collects the names of unknown fields. */
export type Judge = (value: unknown, of: Fields, unknown: Set<string>) => unknown

/** What a judge gives for a value that it does not accept; compared by identity. */
export const refused = Symbol("refused")

/** For a value that is not a field of an object. */
export const noFields: Fields = {}

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Other languages write an empty list, or an object without fields, in other ways. */
export const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0)

/** Accepts what `is` accepts, as it comes or as it is read. What is right as it comes is read as itself. */
export const scalar =
  (is: (value: unknown) => boolean, read: (value: unknown, of: Fields) => unknown): Judge => (value, of) => {
    if (is(value)) return value
    const other = read(value, of)
    return is(other) ? other : refused
  }

/** The items without nulls. */
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

/** Null, or what another judge accepts. */
export const nullOr = (judge: Judge): Judge => (value, _, unknown) =>
  value === undefined || value === null ? null : judge(value, noFields, unknown)

/** Unknown fields whose names are collected from one page. */
const unknownMax = 100

/**
 * Every field in the order of the description. `ignored` are the names of known fields that are not judged, and `at` is
 * where the object is, such as `phones[].`.
 */
export const object = (
  fields: ReadonlyMap<string, Judge>,
  ignored: ReadonlyArray<string> | "others",
  at: string
): Judge => {
  // A copy of an object that has every field is several times as fast as an object to which fields are added,
  // and Object.assign copies faster than a spread does.
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
