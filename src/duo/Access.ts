/** What the way in which Duo is asked (itself, itself with a record kept, or a record in its place) changes of a run. */
import { Context, Layer } from "effect"
import type { Source } from "../Pipeline.ts"
import type { Client } from "./http/Client.ts"

export class Access extends Context.Service<Access, {
  /** The client as this session waits: its chances and its time. */
  readonly client: (client: Client["Service"]) => Client["Service"]
  /** The source as this session runs it. */
  readonly source: (source: Source) => Source
}>()("duo-mfa/duo/Session") {
  /** Nothing is recorded. */
  static readonly live: Layer.Layer<Access> = Layer.succeed(
    Access,
    Access.of({ client: (client) => client, source: (source) => source })
  )
}
