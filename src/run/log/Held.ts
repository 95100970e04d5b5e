/** Loads the keys of the published events of a log into the run database, from a sink that can say which it has. */
import { Effect, Stream } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import type { LogWindow, Pipeline } from "../../Pipeline.ts"
import { isEvents, type Row, type Table } from "../../Table.ts"
import type { Target } from "../publish/ManifestFile.ts"
import type * as Recovery from "../publish/Recovery.ts"
import { withLocation } from "../publish/SinkLocation.ts"
import { NoEventSink, RunError } from "../RunError.ts"

/** The table of the run database that has the keys of a part. */
export const heldTable = "readings.held_keys"

/** The table of a log that has a row per event. */
export const eventTable = ({ tables }: Pipeline) => tables.find(isEvents)

/** The first sink of the command that can say which events it has. */
export const eventSink = Effect.fnUntraced(function*({ findSink, sinks }: Recovery.TrustedPlaces) {
  for (const target of sinks) {
    const sink = withLocation(yield* findSink(target.sink))
    if (sink.keys !== undefined) return { target, keys: sink.keys }
  }
  return yield* new RunError({ reason: new NoEventSink({ sinks: sinks.map(({ sink }) => sink) }) })
})
export type EventSink = Effect.Success<ReturnType<typeof eventSink>>

/** Makes the table without any keys. */
export const empty = (session: DuckDb.Session, table: Table) => {
  const columns = table.columns.filter(({ name }) => table.key.includes(name))
  return session.run(
    `CREATE OR REPLACE TABLE ${heldTable} (${
      columns.map(({ name, type }) => `${DuckDb.name(name)} ${DuckDb.types[type]}`).join(", ")
    })`
  )
}

/** Makes the table with the keys of the events of a tenant in a part of the log. */
export const load = Effect.fnUntraced(function*(
  session: DuckDb.Session,
  table: Table,
  { keys, target: { location } }: EventSink,
  tenant: string,
  { from, to }: LogWindow
) {
  yield* empty(session, table)
  const names = table.key.map(DuckDb.name).join(", ")
  const part = { tenant, from: BigInt(from) * 1000n, to: BigInt(to) * 1000n + 999n }
  const found = yield* keys(location, table, part, session)
  if (found === undefined) return
  if (!Stream.isStream(found)) {
    return yield* session.run(`INSERT INTO ${heldTable} SELECT ${names} FROM (${found.sql})`)
  }
  yield* Stream.runForEach(found, (rows) => {
    const values = rows.map((row: Row) => `(${table.key.map((name) => DuckDb.constant(row[name])).join(", ")})`)
    return values.length === 0
      ? Effect.void
      : session.run(`INSERT INTO ${heldTable} (${names}) VALUES ${values.join(", ")}`)
  })
}, Effect.scoped)

/** Whether a run was published in the place of a target. */
export const isIn = (sinks: ReadonlyArray<Target>, target: Target) =>
  sinks.some(({ location, sink }) => sink === target.sink && location === target.location)
