/** The objects of a page, as the loader gets them. */
import { Schema } from "effect"
import type { Page } from "../../src/duo/list/Pages.ts"

const decode = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Array(Schema.Unknown)))
)

export const objectsOf = ({ objects = [] }: Pick<Page, "objects">): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  objects.flatMap(({ json }) => {
    const lists = Object.entries(decode(json))
    const [[_, first = []] = []] = lists
    return first.map((_, place) => Object.fromEntries(lists.map(([name, values]) => [name, values[place]])))
  })
