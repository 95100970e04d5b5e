/**
 * How Duo's JSON is read: tolerant of what does no harm (absent, null, a number where text is documented, "30" for 30),
 * strict about what would make a wrong row (an id that is missing, a time that is none). A refusal says where and why,
 * and never shows the value.
 */
import { Option, Result, Schema, SchemaGetter, type SchemaIssue } from "effect"

const never = SchemaGetter.forbidden<never, unknown>(() => "Duo's objects are read, not written")

/** A scalar that may be absent or null, both of which decode to null, as does whatever `read` makes null. */
const nullable = <Wire, Type>(
  wire: Schema.Codec<Wire>,
  type: Schema.Codec<Type>,
  read: (value: Wire) => Type | null
) =>
  Schema.optionalKey(Schema.NullOr(wire)).pipe(Schema.decodeTo(Schema.NullOr(type), {
    decode: SchemaGetter.transformOptional((field: Option.Option<Wire | null>) =>
      Option.some(Option.isSome(field) && field.value !== null ? read(field.value) : null)
    ),
    encode: never
  }))

/** A number whose decimal digits are those that Duo sent: an integer beyond 2^53 was rounded when JSON was parsed. */
const Exact = Schema.Finite.check(
  Schema.makeFilter((value: number) => !Number.isInteger(value) || Number.isSafeInteger(value))
)

const isRange = (minimum: number, maximum: number) =>
  Schema.makeFilter((value: number | string) =>
    value === "" || (Number.isSafeInteger(Number(value)) && Number(value) >= minimum && Number(value) <= maximum)
  )

const isInteger = Schema.isPattern(/^(-?\d{1,16})?$/)

const integer = (minimum: number, maximum: number) => {
  const range = isRange(minimum, maximum)
  return nullable(
    Schema.Union([Schema.Int.check(range), Schema.String.check(isInteger, range)]),
    Schema.Int,
    (value) => value === "" ? null : Number(value)
  )
}

const Scalar = Schema.Union([Schema.String, Exact, Schema.Boolean])

/** Text; "" stays "". */
export const Text = nullable(Scalar, Schema.String, String)

/** A list of words; absent and null are the empty one. */
export const Words = Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.NullOr(Scalar)))).pipe(
  Schema.decodeTo(Schema.Array(Schema.String), {
    decode: SchemaGetter.transformOptional((field: Option.Option<ReadonlyArray<typeof Scalar.Type | null> | null>) =>
      Option.some((Option.getOrNull(field) ?? []).flatMap((word) => word === null ? [] : [String(word)]))
    ),
    encode: never
  })
)

/** A safe integer. */
export const Int = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)

/** Unix seconds within the years 0001 to 9999, which is what every sink can store. */
export const Time = integer(-62_135_596_800, 253_402_300_799)

export const Flag = nullable(
  Schema.Union([Schema.Boolean, Schema.Literals(["true", "false", ""])]),
  Schema.Boolean,
  (value) => value === "" ? null : value === true || value === "true"
)

/** An id: required, not empty. */
export const Id = Schema.Union([Schema.NonEmptyString, Exact]).pipe(
  Schema.decodeTo(Schema.NonEmptyString, { decode: SchemaGetter.transform(String), encode: never })
)

/** A list; absent and null are the empty one. */
export const List = <Item extends Schema.Codec<unknown, unknown>>(item: Item) =>
  Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Unknown))).pipe(Schema.decodeTo(Schema.Array(item), {
    decode: SchemaGetter.transformOptional((field: Option.Option<ReadonlyArray<unknown> | null>) =>
      Option.some(Option.getOrNull(field) ?? [])
    ),
    encode: never
  }))

/** Text by name; absent and null are the empty one. */
export const Texts = nullable(
  Schema.Record(Schema.String, Schema.NullOr(Schema.String)),
  Schema.Record(Schema.String, Schema.NullOr(Schema.String)),
  (texts) => texts
)

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
}

/** Reads the `response` of a list endpoint. Built once: making a decoder is what costs. */
export const listDecoder = <Item extends Schema.Codec<unknown, unknown>>(item: Item, fields: Known) => {
  const decode = Schema.decodeUnknownResult(Schema.Array(item))
  return (response: unknown): Result.Result<Decoded<Item["Type"]>, Refusal> => {
    const decoded = decode(response)
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
    case "Encoding":
      return refusal(issue.issue, where)
    case "AnyOf":
      return { where, why: issue.issues.some(isImpossible) ? "has an impossible value" : "has the wrong type" }
    case "MissingKey":
      return { where, why: "is missing" }
    case "InvalidType":
      return { where, why: "has the wrong type" }
    default:
      return { where, why: "has an impossible value" }
  }
}

/** A union refuses with an issue for every member that the value could have been; those of other types say nothing. */
const isImpossible = (issue: SchemaIssue.Issue): boolean =>
  issue._tag === "Filter" || ((issue._tag === "AnyOf" || issue._tag === "Composite") && issue.issues.some(isImpossible))

const step = (path: string, key: PropertyKey): string =>
  typeof key === "number" ? `${path}[${key}]` : `${path}.${fieldName(String(key))}`

/** A name that Duo chose, made fit for a message: an object may use anything as a key, even a person's name. */
const fieldName = (name: string): string => /^[A-Za-z_][\w-]{0,63}$/.test(name) ? name : "(unusual name)"

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
