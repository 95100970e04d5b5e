/** Every bypass code of the tenant, page by page. Reading them may need a permission that the key does not have. */
import { Context, Effect, Layer, Schema, Stream } from "effect"
import { type BypassCode, decodeBypassCodes } from "./BypassCode.ts"
import { Client } from "./Client.ts"
import type { DuoError } from "./Errors.ts"
import { type Endpoint, type PageOptions, pages } from "./Pages.ts"

const endpoint: Endpoint<BypassCode> = {
  path: "/admin/v1/bypass_codes",
  maxPageSize: 500,
  decode: decodeBypassCodes
}

/** The key may not read this: not collected, which is not the same as empty. The run goes on without. */
export class NotCollected extends Schema.TaggedError<NotCollected>()("NotCollected", {
  path: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

export interface BypassCodePage {
  readonly offset: number
  readonly codes: ReadonlyArray<BypassCode>
  /** `total_objects`, if Duo says it. */
  readonly total: number | null
  readonly unknownFields: ReadonlyArray<string>
}

export class BypassCodes extends Context.Service<BypassCodes, {
  /** Fails with `NotCollected` if Duo forbids the first page. */
  readonly pages: (options?: PageOptions) => Stream.Stream<BypassCodePage, DuoError | NotCollected>
}>()("duo-mfa/duo/BypassCodes") {
  static readonly layer: Layer.Layer<BypassCodes, never, Client> = Layer.effect(
    BypassCodes,
    Effect.gen(function*() {
      const client = yield* Client
      return BypassCodes.of({
        pages: (options = {}) =>
          Stream.suspend(() => {
            let started = false
            return pages(client, endpoint, options).pipe(
              Stream.map(({ values: codes, ...page }) => {
                started = true
                return { ...page, codes }
              }),
              Stream.mapError((error) =>
                error.reason._tag === "Forbidden" && !started
                  ? new NotCollected({ path: error.path, detail: error.message })
                  : error
              )
            )
          })
      })
    })
  )
}
