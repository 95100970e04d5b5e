/** Every user of a Duo tenant with their authenticators, groups and bypass codes. */
import { Effect, Layer, Stream } from "effect"
import { BypassCodes } from "../src/duo/BypassCodes.ts"
import { check } from "../src/duo/Check.ts"
import { Client } from "../src/duo/Client.ts"
import { Credentials } from "../src/duo/Credentials.ts"
import { Users } from "../src/duo/Users.ts"
import * as Tables from "../src/mfa/Tables.ts"
import * as Tally from "../src/mfa/Tally.ts"
import type { Pipeline, Source } from "../src/Pipeline.ts"

const Duo = Layer.mergeAll(Users.layer, BypassCodes.layer).pipe(
  Layer.provideMerge(Client.layer),
  Layer.provideMerge(Credentials.layer)
)

const connect = Effect.gen(function*() {
  const duo = yield* Layer.build(Duo)
  return yield* Effect.provide(
    Effect.gen(function*() {
      const client = yield* Client
      const users = yield* Users
      const bypassCodes = yield* BypassCodes
      const { host, warnings } = yield* Credentials
      const source: Source = {
        tenant: host,
        check: Effect.provide(check, duo),
        extract: (stamp, options) => {
          const tally = Tally.make(stamp, warnings)
          const codes = bypassCodes.pages({ concurrency: options.concurrency }).pipe(
            Stream.map(tally.bypassCodes),
            Stream.catchTag("NotCollected", ({ message }) =>
              Stream.sync(() => {
                tally.noBypassCodes(message)
                return {}
              }))
          )
          return {
            batches: Stream.concat(
              codes,
              users.pages(options).pipe(Stream.map(tally.users))
            ),
            facts: Effect.map(client.counts, tally.facts)
          }
        }
      }
      return source
    }),
    duo
  )
})

const mfa: Pipeline = {
  name: "mfa",
  doc: "Users, their authenticators, groups and bypass codes, and how well each user is protected.",
  tables: [Tables.users, Tables.mfaMethods, Tables.userGroups, Tables.bypassCodes],
  sinks: ["duckdb", "parquet", "ndjson"],
  connect
}

export default mfa
