/** Every user of a Duo tenant with their authenticators, groups and bypass codes. */
import { Effect, Layer, Pull, Stream } from "effect"
import { BypassCodes } from "../src/duo/BypassCodes.ts"
import { check } from "../src/duo/Check.ts"
import { Client } from "../src/duo/Client.ts"
import { Credentials } from "../src/duo/Credentials.ts"
import * as Duo from "../src/duo/Duo.ts"
import { Session } from "../src/duo/Session.ts"
import { Users } from "../src/duo/Users.ts"
import * as Tables from "../src/mfa/Tables.ts"
import * as Tally from "../src/mfa/Tally.ts"
import type { Pipeline, Source } from "../src/Pipeline.ts"

/**
 * Fetches the first page, and gives all pages with it: whether the keys and the way of signing are right is found out from
 * the users, which a key must be able to read; what makes a row of them has to wait for the bypass codes.
 */
const firstOf = <A, E, B, E2>(pages: Stream.Stream<A, E>, then: (pages: Stream.Stream<A, E>) => Stream.Stream<B, E2>) =>
  Stream.unwrap(Effect.gen(function*() {
    const pull = yield* Stream.toPull(pages)
    const first = yield* Pull.catchDone(pull, () => Effect.succeed([]))
    return then(Stream.concat(Stream.fromIterable(first), Stream.fromPull(Effect.succeed(pull))))
  }))

const connect = Effect.gen(function*() {
  const duo = yield* Layer.build(Duo.layer)
  return yield* Effect.provide(
    Effect.gen(function*() {
      const client = yield* Client
      const users = yield* Users
      const bypassCodes = yield* BypassCodes
      const { host, warnings } = yield* Credentials
      for (const warning of warnings) yield* Effect.logWarning(warning)
      const source: Source = {
        tenant: host,
        check: Effect.provide(check, duo),
        extract: (stamp, options) => {
          const tally = Tally.make(stamp)
          const codes = bypassCodes.pages({ concurrency: options.concurrency }).pipe(
            Stream.map(tally.bypassCodes),
            Stream.catchTag("NotCollected", ({ message }) =>
              Stream.sync(() => {
                tally.noBypassCodes(message)
                return {}
              }))
          )
          return {
            batches: firstOf(users.pages(options), (pages) => Stream.concat(codes, Stream.map(pages, tally.users))),
            facts: Effect.map(client.counts, tally.facts)
          }
        }
      }
      return (yield* Session).source(source)
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
