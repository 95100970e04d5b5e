/** Every bypass code of the tenant, page by page. Reading them may need a permission that the key does not have. */
import { Context, Effect, Layer, Schema, Stream } from "effect"
import type { SinkReason } from "../../failure/SinkError.ts"
import type { List, ReadList } from "../../Pipeline.ts"
import type { DuoError } from "../DuoError.ts"
import { Client } from "../http/Client.ts"
import { BypassCode, decodeBypassCodes } from "../wire/BypassCode.ts"
import { columns } from "../wire/Wire.ts"
import { type Endpoint, type Page, type PageOptions, pages as pagesOf } from "./Pages.ts"
import * as Readings from "./Readings.ts"

/** Every bypass code. */
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
  decode: decodeBypassCodes,
  id: ({ bypass_code_id }) => bypass_code_id
}

/** They cannot be read: not collected, which is not the same as empty. The run goes on without. */
export class NotCollected extends Schema.TaggedError<NotCollected>()("NotCollected", {
  path: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

/** The key has no permission for them, or this Duo does not offer them, in whatever way it says so. */
const isNotForUs = ({ reason }: DuoError) =>
  ["Unauthorized", "Forbidden", "NotFound", "MethodNotAllowed", "BadRequest"].includes(reason._tag)

export class BypassCodes extends Context.Service<BypassCodes, {
  /** Fails with `NotCollected` if Duo refuses the first page, to be asked when it is known that the keys are right. */
  readonly pages: (options?: PageOptions) => Stream.Stream<Page, DuoError | NotCollected>
  /** Reads all of them into the run database. */
  readonly read: (options: Readings.ReadOptions) => Effect.Effect<ReadList, DuoError | NotCollected | SinkReason>
}>()("duo-mfa/duo/BypassCodes") {
  static readonly layer: Layer.Layer<BypassCodes, never, Client> = Layer.effect(
    BypassCodes,
    Effect.gen(function*() {
      const client = yield* Client
      const pages = (options: PageOptions = {}) =>
        Stream.suspend(() => {
          let started = false
          return pagesOf(client, endpoint, options).pipe(
            Stream.map((page) => {
              started = true
              return page
            }),
            Stream.mapError((error) =>
              isNotForUs(error) && !started
                ? new NotCollected({ path: error.path, detail: `Bypass codes are not collected. ${error.message}` })
                : error
            )
          )
        })
      return BypassCodes.of({
        pages,
        read: (options) => Readings.read(list, (before) => pages({ ...options, before }), options)
      })
    })
  )
}
