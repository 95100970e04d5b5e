/** Reads every policy of the tenant. The keys need the permission to read resources. */
import { Context, Effect, Layer, type Stream } from "effect"
import type { SinkReason } from "../../failure/SinkError.ts"
import type { List, ReadList } from "../../Pipeline.ts"
import type { DuoError } from "../DuoError.ts"
import { Client } from "../http/Client.ts"
import { columns } from "../wire/Columns.ts"
import { decodePolicies, DuoPolicy } from "../wire/policy/DuoPolicy.ts"
import { type NotCollected, orNotCollected } from "./NotCollected.ts"
import { type Endpoint, type Page, type PageOptions, pages as pagesOf } from "./Pages.ts"
import * as Readings from "./Readings.ts"
import { withV5 } from "./V5.ts"

/** The list of policies. Duo does not say when a policy was created. */
export const list: List = {
  name: "policies",
  object: "a policy",
  columns: columns(DuoPolicy.fields),
  id: "policy_key"
}

const endpoint: Endpoint<DuoPolicy> = {
  path: "/admin/v2/policies",
  // Duo documents no maximum; this is the size that its clients ask for
  maxPageSize: 100,
  columns: list.columns,
  decode: decodePolicies,
  id: ({ policy_key }) => policy_key
}

export class DuoPolicies extends Context.Service<DuoPolicies, {
  /** One reading of the list, an element per page. */
  readonly pages: (options?: PageOptions) => Stream.Stream<Page, DuoError>
  /** Reads the whole list into the run database. */
  readonly read: (options: Readings.ReadOptions) => Effect.Effect<ReadList, DuoError | SinkReason>
  /** The same, but fails with `NotCollected` if Duo refuses the first page. Read another list first. */
  readonly readIfPermitted: (
    options: Readings.ReadOptions
  ) => Effect.Effect<ReadList, DuoError | NotCollected | SinkReason>
}>()("duo-mfa/duo/DuoPolicies") {
  static readonly layer: Layer.Layer<DuoPolicies, never, Client> = Layer.effect(
    DuoPolicies,
    Effect.gen(function*() {
      const client = yield* Client
      const pages = (options: PageOptions = {}) => pagesOf(client, endpoint, options).pipe(withV5(client))
      return DuoPolicies.of({
        pages,
        read: (options) => Readings.read(list, (cache) => pages({ ...options, cache }), options),
        readIfPermitted: (options) =>
          Readings.read(list, (cache) => pages({ ...options, cache }).pipe(orNotCollected("Policies")), options)
      })
    })
  )
}
