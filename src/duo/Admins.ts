/** Every administrator of the tenant, page by page. Reading them needs a permission of its own. */
import { Context, Effect, Layer, type Stream } from "effect"
import type { Expected } from "../Expected.ts"
import { type Admin, decodeAdmins } from "./Admin.ts"
import { Client } from "./Client.ts"
import type { DuoError } from "./Errors.ts"
import { type Endpoint, type Page, type PageOptions, pages as pagesOf } from "./Pages.ts"
import * as Skew from "./Skew.ts"
import { read, type Snapshot, type SnapshotOptions } from "./Snapshot.ts"

const endpoint: Endpoint<Admin> = {
  path: "/admin/v1/admins",
  maxPageSize: 500,
  decode: decodeAdmins,
  id: ({ admin_id }) => admin_id
}

export class Admins extends Context.Service<Admins, {
  /** The whole list from its start, one element a page. */
  readonly pages: (options?: PageOptions) => Stream.Stream<Page, DuoError>
  /** All of them, each once, and whether it is proved that they are all. */
  readonly snapshot: (options: SnapshotOptions) => Effect.Effect<Snapshot<Admin>, Expected>
}>()("duo-mfa/duo/Admins") {
  static readonly layer: Layer.Layer<Admins, never, Client> = Layer.effect(
    Admins,
    Effect.gen(function*() {
      const client = yield* Client
      const pages = (options: PageOptions = {}) => pagesOf(client, endpoint, options).pipe(Skew.tell(client))
      return Admins.of({
        pages,
        snapshot: (options) => read(endpoint, (before) => pages({ ...options, before }), options)
      })
    })
  )
}
