/**
 * How Duo's JSON is read: tolerant of what does no harm (absent, null, a number where text is documented, "30" for 30),
 * strict about what would make a wrong row (an id that is missing, a time that is none). A refusal says where and why,
 * and never shows the value.
 *
 * A schema says what a value has to be, and carries how to get there from what Duo might send: first a page is read,
 * then it is decoded. A reader leaves alone what it does not understand, for the schema to refuse.
 */
import { Result, Schema, type SchemaIssue } from "effect"

/** `of` is the object whose field the value is. */
type Read = (value: unknown, of: Fields) => unknown

type Fields = Readonly<Record<string, unknown>>

declare module "effect/Schema" {
  namespace Annotations {
    interface Annotations {
      readonly read?: Read
      /** The type that DuckDB reads it as. */
      readonly column?: string
    }
  }
}

const readerOf = (schema: Schema.Constraint): Read => Schema.resolveAnnotations(schema)?.read ?? ((value) => value)

const columnOf = (schema: Schema.Constraint): string => Schema.resolveAnnotations(schema)?.column ?? "JSON"

const noFields: Fields = {}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What a reader makes of a value that has the right type and cannot be: no schema takes it. */
const impossible = Symbol("impossible")

/** Absent and null are null. */
const nullable = <S extends Schema.Constraint>(schema: S, column: string, read: (value: unknown) => unknown) =>
  Schema.NullOr(schema).annotate({
    column,
    read: (value) => value === undefined || value === null ? null : read(value)
  })

/** An integer beyond 2^53 was rounded when JSON was parsed: its digits are not those that Duo sent. */
const isExact = (value: number) => Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))

const numberAsText = (value: unknown): unknown =>
  typeof value !== "number" ? value : isExact(value) ? String(value) : impossible

const asText = (value: unknown): unknown => typeof value === "boolean" ? String(value) : numberAsText(value)

/** Text; "" stays "". */
export const Text = nullable(Schema.String, "VARCHAR", asText)

const flags = new Map<unknown, boolean>([
  ["true", true],
  ["1", true],
  [1, true],
  ["false", false],
  ["0", false],
  [0, false]
])

/** True or false, also as 1 or 0, and either as text. */
export const Flag = nullable(
  Schema.Boolean,
  "BOOLEAN",
  (value) => value === "" ? null : flags.get(typeof value === "string" ? value.toLowerCase() : value) ?? value
)

/** An integer as a number or as text; "" is null, and what `read` makes NaN is refused. */
const integer = (minimum: number, maximum: number, read: (value: number | string) => number) =>
  nullable(Schema.Int, "BIGINT", (value) => {
    if (value === "") return null
    if (typeof value !== "number" && typeof value !== "string") return value
    const number = read(value)
    return Number.isSafeInteger(number) && number >= minimum && number <= maximum ? number : impossible
  })

/** A safe integer; it may have a fraction of nothing but zeros. */
export const Int = integer(
  Number.MIN_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER,
  (value) => typeof value === "number" || /^-?\d{1,16}(\.0+)?$/.test(value) ? Number(value) : NaN
)

/** By its digits: as a number, 1700000000.999999999 is the next second. */
const floorText = (value: string): number => {
  const [_, whole = NaN, fraction = ""] = /^(-?\d{1,16})(?:\.(\d+))?$/.exec(value) ?? []
  return Number(whole) - (value.startsWith("-") && /[1-9]/.test(fraction) ? 1 : 0)
}

/** Unix seconds within the years 0001 to 9999, which is what every sink can store; a fraction belongs to its second. */
export const Time = integer(
  -62_135_596_800,
  253_402_300_799,
  (value) => typeof value === "number" ? Math.floor(value) : floorText(value)
)

/** Two ids whose difference was lost would be one. */
const idAsText = (value: unknown): unknown =>
  typeof value === "string" && value.includes("\ufffd") ? impossible : numberAsText(value)

/** An id: required, not empty. */
export const Id = Schema.NonEmptyString.annotate({ column: "VARCHAR", read: idAsText })

/** An id; if there is none, the object is known by another field of it. */
export const idOr = (other: string) =>
  Schema.NonEmptyString.annotate({
    column: "VARCHAR",
    read: (value, of) => idAsText(value === undefined || value === null || value === "" ? of[other] : value)
  })

/** Other languages write an empty list, or an object without fields, in other ways. */
const isEmpty = (value: unknown) =>
  value === undefined || value === null || value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0)

const readList = (read: Read): Read => (value) =>
  Array.isArray(value)
    ? value.flatMap((item) => item === null ? [] : [read(item, noFields)])
    : isEmpty(value)
    ? []
    : value

/** A list without its nulls; absent, null, "" and {} are the empty one. A refusal counts places without the nulls. */
export const List = <Item extends Schema.Constraint>(item: Item) =>
  Schema.Array(item).annotate({ column: `${columnOf(item)}[]`, read: readList(readerOf(item)) })

const readWords = readList(asText)

/** A list of words; a text is a list of one. */
export const Words = Schema.Array(Schema.String).annotate({
  column: "VARCHAR[]",
  read: (value, of) => readWords(typeof value === "string" && value !== "" ? [value] : value, of)
})

/** Text by name; absent, null, "" and [] are the empty one. */
export const Texts = Schema.Record(Schema.String, Schema.NullOr(Schema.String)).annotate({
  column: "MAP(VARCHAR, VARCHAR)",
  read: (value) =>
    isEmpty(value)
      ? {}
      : isFields(value)
      ? Object.fromEntries(Object.entries(value).map(([name, text]) => [name, asText(text)]))
      : value
})

/** The columns that DuckDB reads the fields of an object into: types by name. */
export const columns = (fields: Schema.Struct.Fields): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, columnOf(field)]))

/** An object; what is not among its fields is left out. */
export const object = <const Fields extends Schema.Struct.Fields>(fields: Fields) => {
  const readers = Object.entries(fields).map(([name, field]) => [name, readerOf(field)] as const)
  return Schema.Struct(fields).annotate({
    column: `STRUCT(${Object.entries(columns(fields)).map(([name, type]) => `"${name}" ${type}`).join(", ")})`,
    read: (value) => {
      if (!isFields(value)) return value
      const read: Record<string, unknown> = {}
      for (const [name, reader] of readers) {
        const field = reader(value[name], value)
        if (field !== undefined) read[name] = field
      }
      return read
    }
  })
}

/** One that may be absent or null. */
export const nullOr = <S extends Schema.Constraint>(schema: S) => {
  const read = readerOf(schema)
  return nullable(schema, columnOf(schema), (value) => read(value, noFields))
}

/** Where a schema refused Duo's answer, as a path like `response[3].phones[0].phone_id`, and why. Never the value. */
export interface Refusal {
  readonly where: string
  readonly why: "is missing" | "has the wrong type" | "has an impossible value"
}

/** The names of the fields that are known at one level; those that hold objects have a level of their own. */
export type Known = ReadonlyMap<string, Known | undefined>

/** `also` names the fields that Duo is known to send and that nobody needs. */
export const known = (
  fields: Readonly<Record<string, unknown>>,
  also: ReadonlyArray<string> = [],
  nested: Readonly<Record<string, Known>> = {}
): Known =>
  new Map(
    [...Object.keys(fields), ...also].map((name) => [name, Object.hasOwn(nested, name) ? nested[name] : undefined])
  )

/** What was decoded, and the names of the fields that nobody knows, such as `phones[].colour`. */
export interface Decoded<A> {
  readonly values: ReadonlyArray<A>
  readonly unknownFields: ReadonlyArray<string>
  /** Where there was half of a surrogate pair, which is U+FFFD now. */
  readonly halves?: ReadonlyArray<string>
}

/** Reads the `response` of a list endpoint. Built once: making a decoder is what costs. */
export const listDecoder = <Item extends Schema.Codec<unknown, unknown>>(item: Item, fields: Known) => {
  const read = readerOf(item)
  const decode = Schema.decodeUnknownResult(Schema.Array(item), { reportInput: true })
  return (response: unknown): Result.Result<Decoded<Item["Type"]>, Refusal> => {
    const decoded = decode(Array.isArray(response) ? response.map((value) => read(value, noFields)) : response)
    if (Result.isFailure(decoded)) return Result.fail(refusal(decoded.failure.issue, "response"))
    const unknownFields = new Set<string>()
    collectUnknown(response, fields, "", unknownFields)
    return Result.succeed({ values: decoded.success, unknownFields: [...unknownFields] })
  }
}

const refusal = (issue: SchemaIssue.Issue, where: string): Refusal => {
  switch (issue._tag) {
    case "Pointer":
      return refusal(issue.issue, issue.path.reduce<string>(step, where))
    case "Composite":
      return refusal(issue.issues[0], where)
    case "MissingKey":
      return { where, why: "is missing" }
    case "AnyOf":
      // What may be null was refused by the one schema that is not null's, or by its type.
      return issue.issues[0] === undefined ? mistyped(issue, where) : refusal(issue.issues[0], where)
    case "InvalidType":
      return mistyped(issue, where)
    default:
      return { where, why: "has an impossible value" }
  }
}

const mistyped = (issue: SchemaIssue.Issue, where: string): Refusal => ({
  where,
  why: issue.input === impossible ? "has an impossible value" : "has the wrong type"
})

const step = (path: string, key: PropertyKey): string =>
  typeof key === "number" ? `${path}[${key}]` : `${path}.${fieldName(String(key))}`

/** A name that Duo chose, made fit for a message: an object may use anything as a key, even a person's name. */
export const fieldName = (name: string): string => /^[A-Za-z_][\w-]{0,63}$/.test(name) ? name : "(unusual name)"

const mostUnknown = 100

const collectUnknown = (value: unknown, fields: Known, at: string, names: Set<string>): void => {
  if (Array.isArray(value)) {
    for (const item of value) collectUnknown(item, fields, at, names)
  } else if (typeof value === "object" && value !== null) {
    for (const name of Object.keys(value)) {
      const nested = fields.get(name)
      if (nested !== undefined) collectUnknown(Reflect.get(value, name), nested, `${at}${name}[].`, names)
      else if (!fields.has(name) && names.size < mostUnknown) names.add(at + fieldName(name))
    }
  }
}
