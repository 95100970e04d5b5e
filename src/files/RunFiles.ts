/** Stages one file per table and round, for sinks that differ only in how they write a file. */
import { Effect, Path } from "effect"
import type { SinkReason } from "../failure/SinkError.ts"
import { collectedTables, type Outcome } from "../Outcome.ts"
import type { OpenSink, PublishedRun, Removal, Rows, SinkRun, SinkServices } from "../Sink.ts"
import type { Table } from "../Table.ts"
import * as Files from "./Files.ts"
import * as Removed from "./removal/Removed.ts"

export interface RunFiles {
  /** The directory in which files are staged. They are published in it or below it. */
  readonly root: string
  /** The path of a published file. The id is that of the round. */
  readonly target: (table: Table, id: string) => string
  /** Writes the rows of a table of these runs to a new file. */
  readonly write: (
    file: string,
    table: Table,
    run_ids: ReadonlyArray<string>,
    rows: Rows
  ) => Effect.Effect<void, SinkReason, SinkServices>
  /** Seals the staged files; by default `Files.seal`. */
  readonly seal?: typeof Files.seal
}

/** Opens a sink that writes a file for each table of each round. */
export const open = Effect.fnUntraced(function*(run: SinkRun, { root, seal = Files.seal, target, write }: RunFiles) {
  const path = yield* Path.Path
  yield* Files.prepare(root, run.tables.map((table) => target(table, run.run_id)))

  return {
    seal: Effect.fnUntraced(function*(round: ReadonlyArray<Outcome>, rows: Rows) {
      const files = run.tables.flatMap((table) => {
        const run_ids = round.filter((outcome) => collectedTables([table], outcome).length > 0).map(({ run_id }) =>
          run_id
        )
        return run_ids.length === 0 ? [] : [{ table, run_ids }]
      })
      const moves = yield* Effect.forEach(
        files,
        Effect.fnUntraced(function*({ run_ids, table }) {
          const from = path.join(root, Files.stagedName(table.name, run.run_id))
          yield* write(from, table, run_ids, rows)
          return { from, to: target(table, run.run_id) }
        })
      )
      return yield* seal(moves)
    })
  } satisfies OpenSink<SinkReason>
})

/** Removes the files of published runs. `targets` gives the paths that a table of a round may have. */
export const prune = (
  tables: ReadonlyArray<Table>,
  runs: ReadonlyArray<PublishedRun>,
  removal: Removal,
  targets: (table: Table, id: string) => ReadonlyArray<string>
) => {
  const ids = [...new Set(runs.map(({ round, run_id }) => (round ?? { run_id }).run_id))]
  return Effect.map(
    Removed.remove(ids.flatMap((id) => tables.flatMap((table) => targets(table, id))), removal),
    Removed.format
  )
}
