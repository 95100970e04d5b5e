/** Adapts a run to the place where its answers come from: Duo, Duo with a recorder, or a record in place of Duo. */
import { Context, Layer } from "effect"
import type { Source } from "../Pipeline.ts"
import type { Client } from "./http/Client.ts"

export class Access extends Context.Service<Access, {
  /** The client with the random numbers and the clock of this session, which decide how long a retry waits. */
  readonly client: (client: Client["Service"]) => Client["Service"]
  /** The source with the options of this session. */
  readonly source: (source: Source) => Source
}>()("duo-mfa/duo/Access") {
  /** Duo itself, without a record. */
  static readonly live: Layer.Layer<Access> = Layer.succeed(
    Access,
    Access.of({ client: (client) => client, source: (source) => source })
  )
}
