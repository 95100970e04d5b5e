/** Reads every administrator of the tenant. The keys need the permission to read administrators. */
import { Context, Effect, Layer, type Stream } from "effect"
import type { SinkReason } from "../../failure/SinkError.ts"
import type { List, ReadList } from "../../Pipeline.ts"
import * as ClockSkew from "../ClockSkew.ts"
import type { DuoError } from "../DuoError.ts"
import { Client } from "../http/Client.ts"
import { Admin, decodeAdmins } from "../wire/Admin.ts"
import { columns } from "../wire/Columns.ts"
import { type Endpoint, type Page, type PageOptions, pages as pagesOf } from "./Pages.ts"
import * as Readings from "./Readings.ts"

/** The list of administrators. */
export const list: List = {
  name: "admins",
  object: "an administrator",
  columns: columns(Admin.fields),
  id: "admin_id",
  created: "created"
}

const endpoint: Endpoint<Admin> = {
  path: "/admin/v1/admins",
  maxPageSize: 500,
  columns: list.columns,
  decode: decodeAdmins,
  id: ({ admin_id }) => admin_id
}

export class Admins extends Context.Service<Admins, {
  /** One reading of the list, an element per page. */
  readonly pages: (options?: PageOptions) => Stream.Stream<Page, DuoError>
  /** Reads the whole list into the run database. */
  readonly read: (options: Readings.ReadOptions) => Effect.Effect<ReadList, DuoError | SinkReason>
}>()("duo-mfa/duo/Admins") {
  static readonly layer: Layer.Layer<Admins, never, Client> = Layer.effect(
    Admins,
    Effect.gen(function*() {
      const client = yield* Client
      const pages = (options: PageOptions = {}) =>
        pagesOf(client, endpoint, options).pipe(ClockSkew.withClockSkew(client))
      return Admins.of({
        pages,
        read: (options) => Readings.read(list, (cache) => pages({ ...options, cache }), options)
      })
    })
  )
}
