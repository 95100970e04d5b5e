/** Reads every user of the tenant, from the version of the endpoint that the tenant has. */
import { Context, Effect, Layer, Ref, Stream } from "effect"
import type { SinkReason } from "../../failure/SinkError.ts"
import type { List, ReadList } from "../../Pipeline.ts"
import * as ClockSkew from "../ClockSkew.ts"
import { DuoError } from "../DuoError.ts"
import { Client } from "../http/Client.ts"
import { type ApiVersion, Credentials } from "../http/Credentials.ts"
import { columns } from "../wire/Columns.ts"
import { decodeWireUsers, WireUser } from "../wire/User.ts"
import { type Endpoint, type Page, type PageOptions, pages as pagesOf } from "./Pages.ts"
import * as Readings from "./Readings.ts"

/** The list of users. */
export const list: List = {
  name: "users",
  object: "a user",
  columns: columns(WireUser.fields),
  filledBy: { aliases: "len(all_aliases(aliases, alias1, alias2, alias3, alias4)) > 0" },
  id: "user_id",
  created: "created"
}

/** The page sizes are from Duo's reference for v1, and from its integration guide for v2. */
const users = { columns: list.columns, decode: decodeWireUsers, id: ({ user_id }: WireUser) => user_id }
const endpoints: Record<Exclude<ApiVersion, "auto">, Endpoint<WireUser>> = {
  v2: { path: "/admin/v2/users", maxPageSize: 500, ...users },
  v1: { path: "/admin/v1/users", maxPageSize: 300, ...users }
}

const isNotOffered = ({ reason }: DuoError) => reason._tag === "NotFound" || reason._tag === "MethodNotAllowed"

/** Adds the setting that asks the other version of the endpoint, unless `auto` has tried that version already. */
const withHint = (asked: "v1" | "v2", setting: ApiVersion) => (error: DuoError): DuoError => {
  if (error.reason._tag !== "Forbidden" && (setting === "auto" || !isNotOffered(error))) return error
  const other = asked === "v1" ? "v2" : "v1"
  return new DuoError({
    path: error.path,
    attempts: error.attempts,
    reason: error.reason,
    ofChild: error.ofChild,
    names: error.names,
    hint: setting === "auto"
      ? `DUO_API=${other} asks ${endpoints[other].path} instead.`
      : `DUO_API=${setting} allows no other path; DUO_API=${other} asks ${
        endpoints[other].path
      }, DUO_API=auto finds out.`
  })
}

export class Users extends Context.Service<Users, {
  /**
   * One reading of the list, an element per page. Only the first reading has to find out the version of the endpoint.
   */
  readonly pages: (options?: PageOptions) => Stream.Stream<Page, DuoError>
  /** Reads the whole list into the run database. */
  readonly read: (options: Readings.ReadOptions) => Effect.Effect<ReadList, DuoError | SinkReason>
  /** The version of the endpoint; "auto" until the first page shows it. */
  readonly api: Effect.Effect<ApiVersion>
}>()("duo-mfa/duo/Users") {
  static readonly layer: Layer.Layer<Users, never, Client | Credentials> = Layer.effect(
    Users,
    Effect.gen(function*() {
      const client = yield* Client
      const { api: setting } = yield* Credentials
      const inUse = yield* Ref.make<ApiVersion>(setting)

      const from = (api: "v1" | "v2", options: PageOptions) =>
        pagesOf(client, endpoints[api], options).pipe(
          Stream.mapError(withHint(api, setting)),
          ClockSkew.withClockSkew(client)
        )

      /** Asks v2 and, if Duo does not offer its first page, v1. */
      const find = (options: PageOptions) =>
        from("v2", options).pipe(
          Stream.tap(() => Ref.set(inUse, "v2")),
          Stream.catch((error) =>
            Stream.unwrap(Effect.gen(function*() {
              if (!isNotOffered(error) || (yield* Ref.get(inUse)) !== "auto") return Stream.fail(error)
              yield* Ref.set(inUse, "v1")
              return from("v1", options)
            }))
          )
        )

      const pages = (options: PageOptions = {}) =>
        Stream.unwrap(Effect.map(Ref.get(inUse), (api) => api === "auto" ? find(options) : from(api, options)))

      return Users.of({
        pages,
        read: (options) => Readings.read(list, (cache) => pages({ ...options, cache }), options),
        api: Ref.get(inUse)
      })
    })
  )
}
