/** Every user of a Duo tenant with their authenticators, groups and bypass codes. */
import { Effect, Stream } from "effect"
import { readFileSync } from "node:fs"
import { BypassCodes } from "../src/duo/BypassCodes.ts"
import * as Check from "../src/duo/Check.ts"
import { Client } from "../src/duo/Client.ts"
import * as Duo from "../src/duo/Duo.ts"
import { Users } from "../src/duo/Users.ts"
import * as Tables from "../src/mfa/Tables.ts"
import * as Tally from "../src/mfa/Tally.ts"
import type { Pipeline } from "../src/Pipeline.ts"
import { Progress } from "../src/Progress.ts"

const connect = Duo.connect(Effect.gen(function*() {
  const client = yield* Client
  const users = yield* Users
  const bypassCodes = yield* BypassCodes
  return {
    check: Check.users,
    extract: Effect.fnUntraced(function*(stamp, { scratch, ...options }) {
      const progress = yield* Progress
      const people = yield* users.snapshot({
        ...options,
        scratch,
        what: "users",
        onPage: ({ pages, seen, sweep, total }) =>
          progress({ stage: sweep === 1 ? "reading" : "proving", what: "users", seen, total, pages })
      })
      // whether the keys and the way of signing are right was found out from the users, which a key must be able to read
      const codes = yield* bypassCodes.snapshot({
        concurrency: options.concurrency,
        scratch,
        what: "bypass codes",
        onPage: () => Effect.void
      }).pipe(Effect.catchTag("NotCollected", ({ message }) => Effect.succeed({ refused: message })))
      const tally = Tally.make(stamp, { hasAllCodes: !("refused" in codes) && codes.doubt === null })
      return {
        batches: Stream.concat(
          "refused" in codes ? Stream.empty : Stream.map(codes.values, tally.bypassCodes),
          Stream.map(people.values, tally.users)
        ),
        facts: Effect.map(client.counts, (counts) => tally.facts({ ...counts, users: people, bypassCodes: codes }))
      }
    })
  }
}))

const mfa: Pipeline = {
  name: "mfa",
  doc: "Users, their authenticators, groups and bypass codes, and how well each user is protected.",
  tables: [Tables.users, Tables.mfaMethods, Tables.userGroups, Tables.bypassCodes],
  views: readFileSync(new URL("mfa.sql", import.meta.url), "utf8"),
  sinks: ["duckdb", "parquet", "ndjson"],
  connect
}

export default mfa
