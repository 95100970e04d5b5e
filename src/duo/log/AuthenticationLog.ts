/**
 * Asks Duo for a part of the authentication log, or how many entries it has. Every request has the end of the part, so
 * the answers to one part belong together. The keys need the permission to read logs.
 */
import { Context, Effect, Layer, Ref } from "effect"
import * as ObjectLoader from "../../duckdb/ObjectLoader.ts"
import type { List, LogWindow } from "../../Pipeline.ts"
import * as ClockSkew from "../ClockSkew.ts"
import { DuoError } from "../DuoError.ts"
import { UnreadableAnswer } from "../DuoReason.ts"
import { maySplit } from "../http/Answer.ts"
import { Client } from "../http/Client.ts"
import { leaves } from "../wire/Columns.ts"
import { decodeEvents, instantOf, LogEvent } from "../wire/LogEvent.ts"
import { type HalfPair, replaceHalves } from "../wire/WellFormed.ts"
import type { LogCount, LogOffset, LogPage } from "./Counting.ts"
import * as LogMetadata from "./LogMetadata.ts"

export const logPath = "/admin/v2/logs/authentication"

/** The most entries on a page. */
export const limitMax = 1000

/** The entries of the log. `occurred_us` is when an entry happened, in microseconds since 1970. */
export const list: List = {
  name: "authentications",
  object: "a login",
  columns: { occurred_us: "BIGINT", ...leaves(LogEvent.fields) },
  id: "txid",
  created: "timestamp"
}

/** A page of entries. */
export interface ReadLogPage extends LogPage {
  readonly objects: ReadonlyArray<ObjectLoader.Objects>
  readonly halves: ReadonlyArray<HalfPair>
  readonly unknownFields: ReadonlyArray<string>
}

const unreadable = (where: string, why: UnreadableAnswer["why"]) =>
  new DuoError({ path: logPath, attempts: 1, reason: new UnreadableAnswer({ where, why }) })

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** The entries and the metadata, which this log has inside of `response`. */
const partsOf = (response: unknown) => ({
  entries: isObject(response) && "authlogs" in response ? response.authlogs : undefined,
  metadata: isObject(response) && "metadata" in response ? response.metadata : undefined
})

export class AuthenticationLog extends Context.Service<AuthenticationLog, {
  readonly count: (part: LogWindow) => Effect.Effect<LogCount, DuoError>
  readonly page: (
    part: LogWindow,
    offset: LogOffset | undefined,
    limit: number
  ) => Effect.Effect<ReadLogPage, DuoError>
}>()("duo-mfa/duo/AuthenticationLog") {
  static readonly layer: Layer.Layer<AuthenticationLog, never, Client> = Layer.effect(
    AuthenticationLog,
    Effect.gen(function*() {
      const client = yield* Client
      /** Whether an offset is two parameters, as in older answers of Duo's, or one with a comma. */
      const isRepeated = yield* Ref.make(false)

      const call = ({ from, to }: LogWindow, limit: number, offset?: string | ReadonlyArray<string>) =>
        client.call(logPath, {
          mintime: String(from),
          maxtime: String(to),
          limit: String(limit),
          sort: "ts:asc",
          ...offset === undefined ? {} : { next_offset: offset }
        }).pipe(ClockSkew.ofCall(client))

      /** Sends the offset in the form that is documented and, if Duo refuses that, in the other one. */
      const ask = Effect.fnUntraced(function*(part: LogWindow, limit: number, offset: LogOffset | undefined) {
        if (offset === undefined) return yield* call(part, limit)
        if (yield* Ref.get(isRepeated)) return yield* call(part, limit, offset)
        return yield* call(part, limit, offset.join(",")).pipe(
          Effect.catchIf(
            ({ reason }) => reason._tag === "BadRequest",
            () => Effect.tap(call(part, limit, offset), () => Ref.set(isRepeated, true))
          )
        )
      })

      const page = Effect.fn("Duo.page")(function*(part: LogWindow, offset: LogOffset | undefined, limit: number) {
        yield* Effect.annotateCurrentSpan({ "duo_mfa.limit": limit })
        const { response, text } = yield* ask(part, limit, offset)
        const { entries, metadata } = partsOf(response)
        if (entries === undefined) return yield* unreadable("response.authlogs", "is missing")
        const halves = maySplit(text) ? replaceHalves(entries) : []
        const { unknownFields, values } = yield* Effect.fromResult(decodeEvents(entries)).pipe(
          Effect.mapError(({ where, why }) => unreadable(where.replace("response", "response.authlogs"), why))
        )
        const events: Array<LogEvent & { readonly occurred_us: number }> = []
        for (const [index, value] of values.entries()) {
          const occurred_us = instantOf(value)
          if (occurred_us === undefined) {
            return yield* unreadable(`response.authlogs[${index}].isotimestamp`, "has an impossible value")
          }
          events.push({ occurred_us, ...value })
        }
        const read: ReadLogPage = {
          keys: events.map(({ occurred_us, txid }) => `${txid} ${occurred_us}`),
          count: LogMetadata.countOf(metadata),
          next: LogMetadata.nextOf(metadata),
          objects: ObjectLoader.encode(list.columns, events),
          halves,
          unknownFields
        }
        return read
      })

      return AuthenticationLog.of({
        count: (part) => Effect.map(call(part, 1), ({ response }) => LogMetadata.countOf(partsOf(response).metadata)),
        page
      })
    })
  )
}
