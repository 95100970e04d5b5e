/** What becomes of the batches of a run: each is made text once, hashed, and handed to the stage and to every sink. */
import { Effect } from "effect"
import type { Expected } from "./Expected.ts"
import * as Fingerprint from "./Fingerprint.ts"
import type { Outcome } from "./Outcome.ts"
import { inDataDirectory, RunError } from "./RunError.ts"
import type { Batch, OpenSink, SinkReason, SinkServices, Stage as StageOf, Text } from "./Sink.ts"
import * as Ndjson from "./staging/Ndjson.ts"
import * as Stage from "./staging/Stage.ts"
import type { Table } from "./Table.ts"

/** The stage of a run, which takes nothing unless a sink wants it. */
export const stageFor = Effect.fnUntraced(function*(
  tables: ReadonlyArray<Table>,
  dataDirectory: string,
  directory: string,
  sinks: ReadonlyArray<OpenSink>
) {
  if (sinks.every(({ write }) => write !== undefined)) return { finish: Effect.succeed<StageOf>({ database: "" }) }
  const told = Effect.mapError((reason: SinkReason) => new RunError({ reason: inDataDirectory(dataDirectory, reason) }))
  const { finish, write } = yield* told(Stage.open(directory, tables))
  return { write: (_: Batch, text: Text) => told(write(text)), finish: told(finish) }
})

/** Whoever takes the batches of a run. */
interface Writer {
  readonly write?: (batch: Batch, text: Text) => Effect.Effect<void, Expected, SinkServices>
}

/** Makes text of every batch, which is hashed, and hands both to all writers, at the pace of the slowest. */
export const stagingTo = (tables: ReadonlyArray<Table>, writers: ReadonlyArray<Writer>) => {
  const staged = tables.map((table) => ({ table, encode: Ndjson.encoder(table), hash: Fingerprint.make() }))
  return {
    write: (batch: Batch) =>
      Effect.suspend(() => {
        const text: Record<string, Uint8Array> = {}
        for (const { encode, hash, table } of staged) {
          const { bytes, lines } = encode(batch[table.name] ?? [])
          hash.add(lines)
          text[table.name] = bytes
        }
        return Effect.forEach(writers, ({ write }) => write?.(batch, text) ?? Effect.void, {
          concurrency: "unbounded",
          discard: true
        })
      }),

    /** What the rows of the tables that were collected come to. */
    fingerprints: ({ tables_collected }: Outcome) =>
      Object.fromEntries(
        staged.flatMap(({ hash, table }) => tables_collected.includes(table.name) ? [[table.name, hash.digest()]] : [])
      )
  }
}
