/** Reads every bypass code of the tenant. If the keys may not read them, the run goes on without bypass codes. */
import { Context, Effect, Layer, type Stream } from "effect"
import type { SinkReason } from "../../failure/SinkError.ts"
import type { List, ReadList } from "../../Pipeline.ts"
import type { DuoError } from "../DuoError.ts"
import { Client } from "../http/Client.ts"
import { BypassCode, decodeBypassCodes } from "../wire/BypassCode.ts"
import { columns } from "../wire/Columns.ts"
import { type NotCollected, orNotCollected } from "./NotCollected.ts"
import { type Endpoint, type Page, type PageOptions, pages as pagesOf } from "./Pages.ts"
import * as Readings from "./Readings.ts"

/** The list of bypass codes. */
export const list: List = {
  name: "bypass_codes",
  object: "a bypass code",
  columns: columns(BypassCode.fields),
  id: "bypass_code_id",
  created: "created"
}

const endpoint: Endpoint<BypassCode> = {
  path: "/admin/v1/bypass_codes",
  maxPageSize: 500,
  columns: list.columns,
  decode: decodeBypassCodes,
  id: ({ bypass_code_id }) => bypass_code_id
}

export class BypassCodes extends Context.Service<BypassCodes, {
  /**
   * One reading of the list, an element per page. Fails with `NotCollected` if Duo refuses the first page. Read
   * another list first, because a refusal of wrong keys looks the same.
   */
  readonly pages: (options?: PageOptions) => Stream.Stream<Page, DuoError | NotCollected>
  /** Reads the whole list into the run database. */
  readonly read: (options: Readings.ReadOptions) => Effect.Effect<ReadList, DuoError | NotCollected | SinkReason>
}>()("duo-mfa/duo/BypassCodes") {
  static readonly layer: Layer.Layer<BypassCodes, never, Client> = Layer.effect(
    BypassCodes,
    Effect.gen(function*() {
      const client = yield* Client
      const pages = (options: PageOptions = {}) =>
        pagesOf(client, endpoint, options).pipe(orNotCollected("Bypass codes"))
      return BypassCodes.of({
        pages,
        read: (options) => Readings.read(list, (cache) => pages({ ...options, cache }), options)
      })
    })
  )
}
