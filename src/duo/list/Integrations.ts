/** Reads every integration of the tenant, which are the applications that Duo protects. It never asks for a secret. */
import { Context, Effect, Layer, type Stream } from "effect"
import type { SinkReason } from "../../failure/SinkError.ts"
import type { List, ReadList } from "../../Pipeline.ts"
import type { DuoError } from "../DuoError.ts"
import { Client } from "../http/Client.ts"
import { columns } from "../wire/Columns.ts"
import { decodeIntegrations, Integration } from "../wire/policy/Integration.ts"
import { type Endpoint, type Page, type PageOptions, pages as pagesOf } from "./Pages.ts"
import * as Readings from "./Readings.ts"
import { withV5 } from "./V5.ts"

/** The list of integrations. Duo does not say when one was created. */
export const list: List = {
  name: "integrations",
  object: "an integration",
  columns: columns(Integration.fields),
  id: "integration_key"
}

const endpoint: Endpoint<Integration> = {
  path: "/admin/v3/integrations",
  maxPageSize: 500,
  columns: list.columns,
  decode: decodeIntegrations,
  id: ({ integration_key }) => integration_key
}

export class Integrations extends Context.Service<Integrations, {
  /** One reading of the list, an element per page. */
  readonly pages: (options?: PageOptions) => Stream.Stream<Page, DuoError>
  /** Reads the whole list into the run database. */
  readonly read: (options: Readings.ReadOptions) => Effect.Effect<ReadList, DuoError | SinkReason>
}>()("duo-mfa/duo/Integrations") {
  static readonly layer: Layer.Layer<Integrations, never, Client> = Layer.effect(
    Integrations,
    Effect.gen(function*() {
      const client = yield* Client
      const pages = (options: PageOptions = {}) => pagesOf(client, endpoint, options).pipe(withV5(client))
      return Integrations.of({
        pages,
        read: (options) => Readings.read(list, (cache) => pages({ ...options, cache }), options)
      })
    })
  )
}
