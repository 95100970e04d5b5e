/** Every administrator of a Duo tenant with their factors. */
import { Effect, Stream } from "effect"
import { readFileSync } from "node:fs"
import * as Tables from "../src/admins/Tables.ts"
import * as Tally from "../src/admins/Tally.ts"
import { Admins } from "../src/duo/Admins.ts"
import * as Check from "../src/duo/Check.ts"
import { Client } from "../src/duo/Client.ts"
import * as Duo from "../src/duo/Duo.ts"
import type { Pipeline } from "../src/Pipeline.ts"
import { Progress } from "../src/Progress.ts"

const connect = Duo.connect(Effect.gen(function*() {
  const client = yield* Client
  const admins = yield* Admins
  return {
    check: Check.admins,
    extract: Effect.fnUntraced(function*(stamp, options) {
      const progress = yield* Progress
      const list = yield* admins.snapshot({
        ...options,
        what: "admins",
        onPage: ({ pages, seen, sweep, total }) =>
          progress({ stage: sweep === 1 ? "reading" : "proving", what: "admins", seen, total, pages })
      })
      const tally = Tally.make(stamp)
      return {
        batches: Stream.map(list.values, tally.admins),
        facts: Effect.map(client.counts, (counts) => tally.facts(counts, list))
      }
    })
  }
}))

const admins: Pipeline = {
  name: "admins",
  doc: "Duo's administrators and their factors; the key needs the permission to read administrators.",
  tables: [Tables.admins, Tables.adminMethods],
  views: readFileSync(new URL("admins.sql", import.meta.url), "utf8"),
  sinks: ["duckdb", "parquet", "ndjson"],
  // there are so few of them that one may be a third
  maxShrink: 50,
  connect
}

export default admins
