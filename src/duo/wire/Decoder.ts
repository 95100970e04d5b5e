/** Checks and reads the objects of a page. */
import { Result, Schema } from "effect"
import * as Judge from "./Judge.ts"
import { type Refusal, refusal } from "./Refusal.ts"
import { judgeOf, readerOf } from "./Wire.ts"

/** The objects of a page, and the names of unknown fields, such as `phones[].colour`. */
export interface Decoded<A> {
  readonly values: ReadonlyArray<A>
  readonly unknownFields: ReadonlyArray<string>
}

/** Reads a page with its schema, which says where and why it refuses a page. A judge is several times faster. */
export const schemaDecoder = <Item extends Schema.Codec<unknown, unknown>>(item: Item) => {
  const read = readerOf(item)
  const decode = Schema.decodeUnknownResult(Schema.Array(item), { reportInput: true })
  return (response: unknown): Result.Result<ReadonlyArray<Item["Type"]>, Refusal> =>
    Result.mapError(
      decode(Array.isArray(response) ? response.map((value) => read(value, Judge.noFields)) : response),
      ({ issue }) => refusal(issue, "response")
    )
}

/** Reads the `response` of a list with a judge. If the judge refuses it, reads it with the schema, which says why. */
export const listDecoder = <Item extends Schema.Codec<unknown, unknown>>(item: Item) => {
  const judge = judgeOf(item)
  const isAccepted = (value: unknown): value is Item["Type"] => value !== Judge.refused
  return (response: unknown): Result.Result<Decoded<Item["Type"]>, Refusal> => {
    const names = new Set<string>()
    const judged = Array.isArray(response)
      ? response.map((value) => judge(value, Judge.noFields, names))
      : [Judge.refused]
    const values = judged.every(isAccepted) ? Result.succeed(judged) : schemaDecoder(item)(response)
    return Result.map(values, (values) => ({ values, unknownFields: [...names] }))
  }
}
