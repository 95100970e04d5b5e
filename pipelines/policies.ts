/** Every policy of a Duo tenant: what it permits, and to whom it asks for MFA. */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Check from "../src/duo/Check.ts"
import * as Duo from "../src/duo/Duo.ts"
import { Client } from "../src/duo/http/Client.ts"
import { DuoPolicies } from "../src/duo/list/DuoPolicies.ts"
import type { Pipeline } from "../src/Pipeline.ts"
import { Progress } from "../src/run/Progress.ts"
import * as Tables from "./policies/Tables.ts"

const sql = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8")

const connect = Duo.connect(Effect.gen(function*() {
  const client = yield* Client
  const policies = yield* DuoPolicies
  return {
    check: Check.policies,
    extract: Effect.fnUntraced(function*(stamp, options) {
      const progress = yield* Progress
      const list = yield* policies.read({
        ...options,
        stamp,
        what: "policies",
        onPage: ({ pages, reading, seen, total }) =>
          progress({ stage: reading === 1 ? "reading" : "proving", what: "policies", seen, total, pages })
      })
      return { lists: [list], refused: [], sent: yield* client.counts }
    })
  }
}))

const policies: Pipeline = {
  name: "policies",
  doc: "Duo's policies: the methods that they allow, new users, remembered devices, networks and locations.",
  tables: [Tables.policies],
  macros: sql("../src/duo/macros.sql") + sql("../src/duo/policies.sql"),
  rows: { policies: { list: "policies", select: sql("policies/policies.sql") } },
  unknown: sql("policies/unknown.sql"),
  contradictions: sql("policies/contradictions.sql"),
  counts: sql("policies/counts.sql"),
  views: "",
  sinks: ["duckdb", "parquet", "ndjson"],
  // a tenant has few policies: one of them may be a third
  maxShrink: 50,
  connect
}

export default policies
