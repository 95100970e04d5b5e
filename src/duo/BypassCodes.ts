/** Every bypass code of the tenant, page by page. Reading them may need a permission that the key does not have. */
import { Context, Effect, Layer, Schema, Stream } from "effect"
import type { Expected } from "../Expected.ts"
import { type BypassCode, decodeBypassCodes } from "./BypassCode.ts"
import { Client } from "./Client.ts"
import type { DuoError } from "./Errors.ts"
import { type Endpoint, type Page, type PageOptions, pages as pagesOf } from "./Pages.ts"
import { read, type Snapshot, type SnapshotOptions } from "./Snapshot.ts"

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
  /** All of them, each once, and whether it is proved that they are all. */
  readonly snapshot: (options: SnapshotOptions) => Effect.Effect<Snapshot<BypassCode>, Expected | NotCollected>
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
        snapshot: (options) => read(endpoint, (before) => pages({ ...options, before }), options)
      })
    })
  )
}
