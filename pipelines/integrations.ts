/** Every application of a Duo tenant, and the policies that apply to its users. */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Check from "../src/duo/Check.ts"
import * as Duo from "../src/duo/Duo.ts"
import { Client } from "../src/duo/http/Client.ts"
import * as JoinedViews from "../src/duo/JoinedViews.ts"
import { DuoPolicies } from "../src/duo/list/DuoPolicies.ts"
import { Integrations } from "../src/duo/list/Integrations.ts"
import { PolicySummaries } from "../src/duo/list/PolicySummaries.ts"
import type { Pipeline } from "../src/Pipeline.ts"
import { Progress } from "../src/run/Progress.ts"
import * as Tables from "./integrations/Tables.ts"

const sql = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8")

const connect = Duo.connect(Effect.gen(function*() {
  const client = yield* Client
  const integrations = yield* Integrations
  const policies = yield* DuoPolicies
  const summaries = yield* PolicySummaries
  return {
    check: Check.integrations,
    extract: Effect.fnUntraced(function*(stamp, options) {
      const progress = yield* Progress
      const applications = yield* integrations.read({
        ...options,
        stamp,
        what: "integrations",
        onPage: ({ pages, reading, seen, total }) =>
          progress({ stage: reading === 1 ? "reading" : "proving", what: "integrations", seen, total, pages })
      })
      // the integrations have shown that the key is right, so a refusal here means that only this permission is missing
      const more = { ...options, stamp, onPage: () => Effect.void }
      const permitted = yield* policies.readIfPermitted({ ...more, what: "policies" }).pipe(
        Effect.catchTag("NotCollected", ({ message }) => Effect.succeed({ refused: message }))
      )
      const applied = yield* summaries.read({ ...more, what: "policies of applications" }).pipe(
        Effect.catchTag("NotCollected", ({ message }) => Effect.succeed({ refused: message }))
      )
      const refused = [permitted, applied].flatMap((list) => "refused" in list ? [list.refused] : [])
      return {
        // without one of them it is not known what applies, so the table of the last list is not collected
        lists: "refused" in permitted || "refused" in applied ? [applications] : [applications, permitted, applied],
        refused,
        sent: yield* client.counts
      }
    })
  }
}))

const integrations: Pipeline = {
  name: "integrations",
  doc: "Applications, who may use them, and which policy applies to whom; secret keys are never read.",
  tables: [Tables.integrations, Tables.applicationPolicies],
  macros: sql("../src/duo/macros.sql") + sql("../src/duo/policies.sql") + sql("integrations/macros.sql"),
  rows: {
    integrations: { list: "integrations", select: sql("integrations/integrations.sql") },
    application_policies: { list: "policy_summaries", select: sql("integrations/application_policies.sql") }
  },
  unknown: sql("integrations/unknown.sql"),
  contradictions: sql("integrations/contradictions.sql"),
  counts: sql("integrations/counts.sql"),
  views: "",
  joined: [JoinedViews.permitted(sql("../src/duo/joined/permitted.sql"))],
  sinks: ["duckdb", "parquet", "ndjson"],
  // a tenant has few applications: one of them may be a third
  maxShrink: 50,
  connect
}

export default integrations
