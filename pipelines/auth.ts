/** Duo's authentication log: every login, with the factor that was used. */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Check from "../src/duo/Check.ts"
import * as Duo from "../src/duo/Duo.ts"
import { Client } from "../src/duo/http/Client.ts"
import * as JoinedViews from "../src/duo/JoinedViews.ts"
import { AuthenticationLog } from "../src/duo/log/AuthenticationLog.ts"
import * as LogReading from "../src/duo/log/LogReading.ts"
import type { Pipeline } from "../src/Pipeline.ts"
import { Progress } from "../src/run/Progress.ts"
import * as Tables from "./auth/Tables.ts"

const sql = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8")

const connect = Duo.connect(Effect.gen(function*() {
  const client = yield* Client
  const log = yield* AuthenticationLog
  return {
    check: Check.logins,
    extract: Effect.fnUntraced(function*(stamp, { database, pageSize, plan }) {
      const progress = yield* Progress
      // the engine gives every run of a log a plan
      const { list, window } = yield* LogReading.read(log, {
        database,
        stamp,
        plan: yield* Effect.orDie(Effect.fromNullishOr(plan)),
        pageSize,
        what: "logins",
        onPage: ({ pages, seen }) => progress({ stage: "reading", what: "logins", seen, total: null, pages })
      })
      return { lists: [list], refused: [], sent: yield* client.counts, window }
    })
  }
}))

const auth: Pipeline = {
  name: "auth",
  kind: "log",
  doc: "The log of all logins, with the factors that were used; the key needs the permission to read logs.",
  tables: [Tables.authentications, Tables.factorUses],
  macros: sql("../src/duo/macros.sql") + sql("auth/macros.sql"),
  rows: {
    authentications: { list: "authentications", select: sql("auth/authentications.sql") },
    factor_uses: { list: "authentications", select: sql("auth/factor_uses.sql") }
  },
  unknown: sql("auth/unknown.sql"),
  contradictions: "",
  counts: sql("auth/counts.sql"),
  views: sql("auth/views.sql"),
  joined: [JoinedViews.used(sql("../src/duo/joined/used.sql"))],
  sinks: ["duckdb", "parquet"],
  connect
}

export default auth
