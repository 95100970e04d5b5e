/** Every administrator of a Duo tenant with their factors. */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Check from "../src/duo/Check.ts"
import * as Duo from "../src/duo/Duo.ts"
import { Client } from "../src/duo/http/Client.ts"
import { Admins } from "../src/duo/list/Admins.ts"
import type { Pipeline } from "../src/Pipeline.ts"
import { Progress } from "../src/run/Progress.ts"
import * as Tables from "./admins/Tables.ts"

const sql = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8")

const connect = Duo.connect(Effect.gen(function*() {
  const client = yield* Client
  const admins = yield* Admins
  return {
    check: Check.admins,
    extract: Effect.fnUntraced(function*(stamp, options) {
      const progress = yield* Progress
      const list = yield* admins.read({
        ...options,
        stamp,
        what: "admins",
        onPage: ({ pages, reading, seen, total }) =>
          progress({ stage: reading === 1 ? "reading" : "proving", what: "admins", seen, total, pages })
      })
      return { lists: [list], refused: [], sent: yield* client.counts }
    })
  }
}))

const admins: Pipeline = {
  name: "admins",
  doc: "Duo's administrators and their factors; the key needs the permission to read administrators.",
  tables: [Tables.admins, Tables.adminMethods],
  macros: sql("../src/duo/macros.sql"),
  rows: {
    admins: { list: "admins", select: sql("admins/admins.sql") },
    admin_methods: { list: "admins", select: sql("admins/admin_methods.sql") }
  },
  unknown: sql("admins/unknown.sql"),
  contradictions: "",
  counts: sql("admins/counts.sql"),
  views: sql("admins/views.sql"),
  sinks: ["duckdb", "parquet", "ndjson"],
  // a tenant has few administrators: one of them may be a third
  maxShrink: 50,
  connect
}

export default admins
