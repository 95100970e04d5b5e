/** Parts of descriptions for values that Duo sends in several forms: a list as an array or a text, an object or its id. */
import { Schema } from "effect"
import type * as Judge from "./Judge.ts"
import { judgeOf, orNull, type Read, readerOf, readWords, scalar } from "./Wire.ts"

const readListed: Read = (value, of) => {
  const words = typeof value === "string" ? value.split(",") : readWords(value, of)
  return Array.isArray(words)
    ? words.map((word) => typeof word === "string" ? word.trim() : word).filter((word) => word !== "")
    : words
}

/**
 * A list of words that Duo sends as an array, or as one text with commas. Words without spaces around them; none is
 * empty. An absent list is null, and "" is an empty list.
 */
export const Listed = Schema.NullOr(Schema.Array(Schema.String)).annotate(scalar(
  "VARCHAR[]",
  (value) =>
    value === null ||
    (Array.isArray(value) && value.every((word) => typeof word === "string" && word !== "" && word.trim() === word)),
  orNull(readListed)
))

/** An object, or a text in its place, which is the value of one of its fields. */
export const textOr = <Fields extends Schema.Struct.Fields>(
  field: keyof Fields & string,
  schema: Schema.Struct<Fields>
) => {
  const wrap = (value: unknown) => typeof value === "string" ? { [field]: value } : value
  const read = readerOf(schema)
  return schema.annotate({
    read: (value: unknown, of: Judge.Fields) => read(wrap(value), of),
    judge: (at: string) => {
      const judge = judgeOf(schema, at)
      return (value: unknown, of: Judge.Fields, unknown: Set<string>) => judge(wrap(value), of, unknown)
    }
  })
}
