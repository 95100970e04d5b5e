/** Stages one file per table and run, for sinks that differ only in how they write a file. */
import { Effect, Path } from "effect"
import type { SinkReason } from "../failure/SinkError.ts"
import { collectedTables, type Outcome } from "../Outcome.ts"
import type { OpenSink, Rows, SinkRun, SinkServices } from "../Sink.ts"
import type { Table } from "../Table.ts"
import * as Files from "./Files.ts"

export interface RunFiles {
  /** The directory in which files are staged. They are published in it or below it. */
  readonly root: string
  /** The path of a published file. */
  readonly target: (table: Table, run_id: string) => string
  /** Writes the rows of a table of one run to a new file. */
  readonly write: (
    file: string,
    table: Table,
    run_id: string,
    rows: Rows
  ) => Effect.Effect<void, SinkReason, SinkServices>
  /** Seals the staged files; by default `Files.seal`. */
  readonly seal?: typeof Files.seal
}

/** Opens a sink that writes a file for each table of each run. */
export const open = Effect.fnUntraced(function*(run: SinkRun, { root, seal = Files.seal, target, write }: RunFiles) {
  const path = yield* Path.Path
  yield* Files.prepare(root, run.tables.map((table) => target(table, run.run_id)))

  return {
    seal: Effect.fnUntraced(function*(round: ReadonlyArray<Outcome>, rows: Rows) {
      const files = round.flatMap((outcome) =>
        collectedTables(run.tables, outcome).map((table) => ({ outcome, table }))
      )
      const moves = yield* Effect.forEach(
        files,
        Effect.fnUntraced(function*({ outcome: { run_id }, table }) {
          const from = path.join(root, Files.stagedName(`${table.name}.${run_id}`, run.run_id))
          yield* write(from, table, run_id, rows)
          return { from, to: target(table, run_id) }
        })
      )
      return yield* seal(moves)
    })
  } satisfies OpenSink<SinkReason>
})
