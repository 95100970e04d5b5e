/** Every user of a Duo tenant with their authenticators, groups and bypass codes. */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Check from "../src/duo/Check.ts"
import * as Duo from "../src/duo/Duo.ts"
import { Client } from "../src/duo/http/Client.ts"
import * as JoinedViews from "../src/duo/JoinedViews.ts"
import { BypassCodes } from "../src/duo/list/BypassCodes.ts"
import { Users } from "../src/duo/list/Users.ts"
import type { Pipeline } from "../src/Pipeline.ts"
import { Progress } from "../src/run/Progress.ts"
import * as Tables from "./mfa/Tables.ts"

const sql = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8")

const portableViews = [
  "mfa_events",
  "coverage_daily",
  "coverage_by_group_daily",
  "users_at_risk",
  "method_mix",
  "tenants"
]

/** The SQL of the views that PostgreSQL understands too. */
const portable = portableViews.map((name) => sql(`mfa/views/${name}.sql`)).join(";\n")

const connect = Duo.connect(Effect.gen(function*() {
  const client = yield* Client
  const users = yield* Users
  const bypassCodes = yield* BypassCodes
  return {
    check: Check.users,
    extract: Effect.fnUntraced(function*(stamp, { concurrency, database, pageSize }) {
      const progress = yield* Progress
      const people = yield* users.read({
        pageSize,
        concurrency,
        database,
        stamp,
        what: "users",
        onPage: ({ pages, reading, seen, total }) =>
          progress({ stage: reading === 1 ? "reading" : "proving", what: "users", seen, total, pages })
      })
      // the users have shown that the key is right, so a refusal here means that only this permission is missing
      const codes = yield* bypassCodes.read({
        concurrency,
        database,
        stamp,
        what: "bypass codes",
        onPage: () => Effect.void
      }).pipe(Effect.catchTag("NotCollected", ({ message }) => Effect.succeed({ refused: message })))
      return {
        lists: "refused" in codes ? [people] : [people, codes],
        refused: "refused" in codes ? [codes.refused] : [],
        sent: yield* client.counts
      }
    })
  }
}))

const mfa: Pipeline = {
  name: "mfa",
  doc: "Users, their authenticators, groups and bypass codes, and how well each user is protected.",
  tables: [Tables.users, Tables.mfaMethods, Tables.userGroups, Tables.bypassCodes],
  macros: sql("../src/duo/macros.sql"),
  rows: {
    users: { list: "users", select: sql("mfa/users.sql") },
    mfa_methods: { list: "users", select: sql("mfa/mfa_methods.sql") },
    user_groups: { list: "users", select: sql("mfa/user_groups.sql") },
    bypass_codes: { list: "bypass_codes", select: sql("mfa/bypass_codes.sql") }
  },
  unknown: sql("mfa/unknown.sql"),
  contradictions: sql("mfa/contradictions.sql"),
  counts: sql("mfa/counts.sql"),
  views: [portable, sql("mfa/views.sql"), sql("mfa/views/phone_systems.sql")].join(";\n"),
  portable,
  joined: [
    JoinedViews.permitted(sql("../src/duo/joined/permitted.sql")),
    JoinedViews.used(sql("../src/duo/joined/used.sql"))
  ],
  sinks: ["duckdb", "parquet", "ndjson"],
  connect
}

export default mfa
