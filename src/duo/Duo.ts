/** Connects a pipeline with Duo, with Duo and a recorder, or with a record, as the command line says. */
import { Effect, type FileSystem, Layer, type Path } from "effect"
import type { BadProxy } from "../http/Proxy.ts"
import type { Finding, Source } from "../Pipeline.ts"
import { Access } from "./Access.ts"
import type { DuoError } from "./DuoError.ts"
import { Client } from "./http/Client.ts"
import { Credentials, type SettingsError } from "./http/Credentials.ts"
import { Exchange } from "./http/Exchange.ts"
import { Admins } from "./list/Admins.ts"
import { BypassCodes } from "./list/BypassCodes.ts"
import { DuoPolicies } from "./list/DuoPolicies.ts"
import { Integrations } from "./list/Integrations.ts"
import { PolicySummaries } from "./list/PolicySummaries.ts"
import { Users } from "./list/Users.ts"
import { AuthenticationLog } from "./log/AuthenticationLog.ts"
import type { RecordError } from "./record/Record.ts"
import * as Recorder from "./record/Recorder.ts"
import { Recording } from "./record/Recording.ts"
import * as Replay from "./record/Replay.ts"

type DuoServices = Credentials | Exchange | Access

const duoServices: Layer.Layer<DuoServices, BadProxy | RecordError | SettingsError, FileSystem.FileSystem | Path.Path> =
  Layer
    .unwrap(
      Effect.map(
        Recording,
        (
          { record, replay }
        ): Layer.Layer<DuoServices, BadProxy | RecordError | SettingsError, FileSystem.FileSystem | Path.Path> => {
          if (replay !== undefined) return Replay.layer(replay)
          return record === undefined
            ? Layer.merge(Exchange.layer, Access.live).pipe(Layer.provideMerge(Credentials.layer))
            : Recorder.layer(record).pipe(Layer.provide(Exchange.layer), Layer.provideMerge(Credentials.layer))
        }
      )
    )

/** The client, adapted to the session. */
export const client: Layer.Layer<Client, never, DuoServices> = Layer.effect(
  Client,
  Effect.gen(function*() {
    const session = yield* Access
    return session.client(yield* Client)
  })
).pipe(Layer.provide(Client.layerExchange))

type Services =
  | Admins
  | AuthenticationLog
  | BypassCodes
  | Client
  | DuoPolicies
  | DuoServices
  | Integrations
  | PolicySummaries
  | Users

export const layer: Layer.Layer<
  Services,
  BadProxy | RecordError | SettingsError,
  FileSystem.FileSystem | Path.Path
> = Layer.mergeAll(
  Users.layer,
  BypassCodes.layer,
  Admins.layer,
  DuoPolicies.layer,
  PolicySummaries.layer,
  Integrations.layer,
  AuthenticationLog.layer
).pipe(
  Layer.provideMerge(client),
  Layer.provideMerge(duoServices)
)

/** Reads Duo for a pipeline: checks the permissions, and extracts the lists. */
export interface Reader {
  readonly check: Effect.Effect<ReadonlyArray<Finding>, DuoError, Services>
  readonly extract: Source["extract"]
}

/** Makes the source of a pipeline from its reader. Logs the warnings of the settings. */
export const connect = Effect.fnUntraced(function*(reader: Effect.Effect<Reader, never, Services>) {
  const duo = yield* Layer.build(layer)
  return yield* Effect.provide(
    Effect.gen(function*() {
      const { host, warnings } = yield* Credentials
      for (const warning of warnings) yield* Effect.logWarning(warning)
      const { check, extract } = yield* reader
      return (yield* Access).source({ tenant: host, check: Effect.provide(check, duo), extract })
    }),
    duo
  )
})
