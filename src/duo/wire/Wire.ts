/**
 * The parts with which Duo's JSON objects are described. Each object has one description, and three things follow from
 * it: the schema, the judge that checks and reads an object in one pass, and the types of the columns in DuckDB.
 *
 * Differences that do no harm are accepted: absent, null, a number where text is documented, "30" for 30. Values that
 * would make a wrong row are refused: a missing id, an impossible time.
 */
import { Schema } from "effect"
import { columnOf, columns, leaves, leavesOf } from "./Columns.ts"
import * as Judge from "./Judge.ts"
import { impossible } from "./Refusal.ts"

export { fieldName, type Refusal } from "./Refusal.ts"

/** Converts a value to the form that the schema checks. A value that it does not understand stays as it is. */
export type Read = (value: unknown, of: Judge.Fields) => unknown

declare module "effect/Schema" {
  namespace Annotations {
    interface Annotations {
      readonly read?: Read
      /** The judge of a value at a path such as `phones[].`. */
      readonly judge?: (at: string) => Judge.Judge
      /** The type that DuckDB reads the value as. */
      readonly column?: string
      /** The types of the fields of an object, and of the objects in them. */
      readonly leaves?: Readonly<Record<string, string>> | undefined
    }
  }
}

/** Converts a value as its schema describes. */
export const readerOf = (schema: Schema.Constraint): Read =>
  Schema.resolveAnnotations(schema)?.read ?? ((value) => value)

/** The judge of a schema, at a path such as `phones[].`. */
export const judgeOf = (schema: Schema.Constraint, at = ""): Judge.Judge =>
  Schema.resolveAnnotations(schema)?.judge?.(at) ?? (() => Judge.refused)

/**
 * The annotations of a value without objects. `is` accepts the same as the schema; `read` does not change such a value.
 */
export const scalar = (column: string, is: (value: unknown) => boolean, read: Read) => ({
  column,
  read,
  judge: () => Judge.scalar(is, read)
})

/** Reads an absent value and null as null. */
export const orNull = (read: Read): Read => (value, of) =>
  value === undefined || value === null ? null : read(value, of)

const nullable = <S extends Schema.Constraint>(
  schema: S,
  column: string,
  is: (value: unknown) => boolean,
  read: (value: unknown) => unknown
) => Schema.NullOr(schema).annotate(scalar(column, (value) => value === null || is(value), orNull(read)))

/** Whether a number is the one that Duo sent. `JSON.parse` rounds integers beyond 2^53. */
const isExact = (value: number) => Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))

const numberAsText = (value: unknown): unknown =>
  typeof value !== "number" ? value : isExact(value) ? String(value) : impossible

const asText = (value: unknown): unknown => typeof value === "boolean" ? String(value) : numberAsText(value)

const isText = (value: unknown) => typeof value === "string"

/** Text; "" stays "". */
export const Text = nullable(Schema.String, "VARCHAR", isText, asText)

const flags = new Map<unknown, boolean>([
  ["true", true],
  ["1", true],
  [1, true],
  ["false", false],
  ["0", false],
  [0, false]
])

/** A boolean. 1 and 0 are accepted as well, and so are all four as text. */
export const Flag = nullable(
  Schema.Boolean,
  "BOOLEAN",
  (value) => typeof value === "boolean",
  (value) => value === "" ? null : flags.get(typeof value === "string" ? value.toLowerCase() : value) ?? value
)

/** A boolean that may be the text "unknown", which is null. */
export const FlagOrUnknown = nullable(
  Schema.Boolean,
  "BOOLEAN",
  (value) => typeof value === "boolean",
  (value) =>
    value === "" || value === "unknown"
      ? null
      : flags.get(typeof value === "string" ? value.toLowerCase() : value) ?? value
)

/** An integer as a number or as text. "" is null. A value that `read` turns into NaN is refused. */
const integer = (minimum: number, maximum: number, read: (value: number | string) => number) => {
  const is = (value: unknown) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= minimum && value <= maximum
  return nullable(Schema.Int, "BIGINT", is, (value) => {
    if (value === "") return null
    if (typeof value !== "number" && typeof value !== "string") return value
    const number = read(value)
    return is(number) ? number : impossible
  })
}

/** A safe integer. It may have a fraction that is zero, such as 30.0. */
export const Int = integer(
  Number.MIN_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER,
  (value) => typeof value === "number" || /^-?\d{1,16}(\.0+)?$/.test(value) ? Number(value) : NaN
)

/** Rounds down by the digits of the text, because as a number, 1700000000.999999999 would become the next second. */
const floorText = (value: string): number => {
  const [_, whole = NaN, fraction = ""] = /^(-?\d{1,16})(?:\.(\d+))?$/.exec(value) ?? []
  return Number(whole) - (value.startsWith("-") && /[1-9]/.test(fraction) ? 1 : 0)
}

/** Unix seconds of the years 0001 to 9999, which every sink can store. A fraction is rounded down. */
export const Time = integer(
  -62_135_596_800,
  253_402_300_799,
  (value) => typeof value === "number" ? Math.floor(value) : floorText(value)
)

/** Whether an id has U+FFFD, which stands for an unreadable character. Two different ids could look the same. */
const isLossy = (value: string) => value.includes("\ufffd")

const idAsText = (value: unknown): unknown =>
  typeof value === "string" && isLossy(value) ? impossible : numberAsText(value)

const isId = (value: unknown) => typeof value === "string" && value !== "" && !isLossy(value)

/** An id. It is required and not empty. */
export const Id = Schema.NonEmptyString.annotate(scalar("VARCHAR", isId, idAsText))

/** An id, or the value of another field of the same object if the id is absent. */
export const idOr = (other: string) =>
  Schema.NonEmptyString.annotate(
    scalar(
      "VARCHAR",
      isId,
      (value, of) => idAsText(value === undefined || value === null || value === "" ? of[other] : value)
    )
  )

const readList = (read: Read): Read => (value) =>
  Array.isArray(value)
    ? value.flatMap((item) => item === null ? [] : [read(item, Judge.noFields)])
    : Judge.isEmpty(value)
    ? []
    : value

/** A list without its nulls. Absent, null, "" and {} are an empty list. The index in a refusal does not count nulls. */
export const List = <Item extends Schema.Constraint>(item: Item) =>
  Schema.Array(item).annotate({
    column: `${columnOf(item)}[]`,
    read: readList(readerOf(item)),
    judge: (at) => Judge.list(judgeOf(item, at))
  })

/** A list, in whose place a word such as "unknown" may be. Then it is empty. */
export const listOrWord = <Item extends Schema.Constraint>(item: Item) => {
  const read = readList(readerOf(item))
  return Schema.Array(item).annotate({
    column: `${columnOf(item)}[]`,
    read: (value, of) => read(isText(value) ? "" : value, of),
    judge: (at) => {
      const judge = Judge.list(judgeOf(item, at))
      return (value, of, unknown) => judge(isText(value) ? "" : value, of, unknown)
    }
  })
}

export const readWords = readList(asText)

/** A list of words. A text is a list of one word. */
export const Words = Schema.Array(Schema.String).annotate(scalar(
  "VARCHAR[]",
  (value) => Array.isArray(value) && value.every(isText),
  (value, of) => readWords(typeof value === "string" && value !== "" ? [value] : value, of)
))

/** An object whose fields are text. Absent, null, "" and [] are an object without fields. */
export const Texts = Schema.Record(Schema.String, Schema.NullOr(Schema.String)).annotate(scalar(
  "MAP(VARCHAR, VARCHAR)",
  (value) => Judge.isFields(value) && Object.values(value).every((text) => text === null || isText(text)),
  (value) =>
    Judge.isEmpty(value)
      ? {}
      : Judge.isFields(value)
      ? Object.fromEntries(Object.entries(value).map(([name, text]) => [name, asText(text)]))
      : value
))

interface ObjectOptions {
  /** Known fields that are not needed. A field is unknown if it is neither described nor ignored. */
  readonly ignored?: ReadonlyArray<string> | "others"
}

/** An object with exactly these fields, in this order. */
export const object = <const Fields extends Schema.Struct.Fields>(
  fields: Fields,
  { ignored = [] }: ObjectOptions = {}
) => {
  const readers = Object.entries(fields).map(([name, field]) => [name, readerOf(field)] as const)
  return Schema.Struct(fields).annotate({
    leaves: leaves(fields),
    column: `STRUCT(${Object.entries(columns(fields)).map(([name, type]) => `"${name}" ${type}`).join(", ")})`,
    judge: (at) => {
      const judges = Object.entries(fields).map(([name, field]) => [name, judgeOf(field, `${at}${name}[].`)] as const)
      return Judge.object(new Map(judges), ignored, at)
    },
    read: (value) => {
      if (!Judge.isFields(value)) return value
      const read: Record<string, unknown> = {}
      for (const [name, reader] of readers) {
        const field = reader(value[name], value)
        if (field !== undefined) read[name] = field
      }
      return read
    }
  })
}

/** An object or a list that may be absent or null. */
export const nullOr = <S extends Schema.Constraint>(schema: S) =>
  Schema.NullOr(schema).annotate({
    column: columnOf(schema),
    leaves: leavesOf(schema),
    read: orNull(readerOf(schema)),
    judge: (at) => Judge.nullOr(judgeOf(schema, at))
  })
