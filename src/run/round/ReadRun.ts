/**
 * A run that is read and waits until its round is published. Its outcome and its rows are in `DATA/runs/RUN_ID.read`, so
 * a kill does not lose them: the next round publishes them first.
 */
import { Effect, FileSystem, Path, Schema } from "effect"
import type * as DuckDb from "../../duckdb/DuckDb.ts"
import * as RowsSql from "../../duckdb/RowsSql.ts"
import { makeDirectory, sync } from "../../files/Durable.ts"
import { reasonOf } from "../../files/Files.ts"
import * as Private from "../../files/Private.ts"
import { collectedTables, type Outcome } from "../../Outcome.ts"
import { isRunId } from "../../RunId.ts"
import type { Table } from "../../Table.ts"
import { format } from "../../Version.ts"
import * as ManifestFile from "../publish/ManifestFile.ts"

const Stored = Schema.fromJsonString(
  Schema.Struct({ ...ManifestFile.Written.fields, ...ManifestFile.FingerprintedRun.fields })
)
const encode = Schema.encodeEffect(Stored)

export interface ReadRun {
  readonly outcome: ManifestFile.FingerprintedRun
  /** The file that has the rows of a table. */
  readonly file: (table: Table) => string
}

/** The read runs of a data directory. The caller must have its lock. */
export const make = Effect.fnUntraced(function*(dataDirectory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const runs = path.join(dataDirectory, "runs")
  const directoryOf = (run_id: string) => path.join(runs, `${run_id}.read`)
  const outcomeIn = (directory: string) => path.join(directory, "run.json")
  const rowsIn = (directory: string) => ({ name }: Table) => path.join(directory, `${name}.parquet`)
  const orRunError = Effect.mapError(ManifestFile.errorIn(dataDirectory))

  const read = Effect.fnUntraced(function*(run_id: string) {
    const directory = directoryOf(run_id)
    const outcome = yield* Effect.filterOrFail(
      ManifestFile.read(Stored, outcomeIn(directory), ManifestFile.isSigned),
      (stored) => stored.run_id === run_id,
      () => new ManifestFile.Damaged({ file: outcomeIn(directory) })
    )
    const run: ReadRun = { outcome, file: rowsIn(directory) }
    return run
  })

  return {
    /** Keeps a run and its rows, which are in the session. After a crash it is there as a whole, or not at all. */
    store: Effect.fnUntraced(function*(
      session: DuckDb.Session,
      tables: ReadonlyArray<Table>,
      outcome: Outcome,
      fingerprints: Readonly<Record<string, string>>
    ) {
      const directory = directoryOf(outcome.run_id)
      const part = `${directory}.part`
      yield* makeDirectory(runs).pipe(Effect.mapError(reasonOf))
      yield* Effect.scoped(Effect.gen(function*() {
        yield* Private.directory(part).pipe(Effect.mapError(reasonOf))
        for (const table of collectedTables(tables, outcome)) {
          const file = rowsIn(part)(table)
          yield* RowsSql.copy(session, RowsSql.select(table, outcome.run_id), file, "FORMAT parquet, COMPRESSION zstd")
          yield* sync(file).pipe(Effect.mapError(reasonOf))
        }
        const text = yield* Effect.orDie(encode({ ...outcome, format, fingerprints }))
        yield* Effect.mapError(
          Effect.andThen(
            Private.writeNew(outcomeIn(part), ManifestFile.signed(text)),
            Effect.andThen(fs.rename(part, directory), sync(runs))
          ),
          reasonOf
        )
      }))
    }),

    /** The read runs, oldest first. */
    all: fs.readDirectory(runs).pipe(
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([])),
      Effect.map((names) =>
        names.flatMap((name) => name.endsWith(".read") ? [name.slice(0, -".read".length)] : []).filter(isRunId).sort()
      ),
      Effect.flatMap(Effect.forEach(read)),
      orRunError
    ),

    /** Removes a read run: it is published, or it never will be. */
    remove: (run_id: string) => orRunError(fs.remove(directoryOf(run_id), { recursive: true, force: true }))
  }
})
export type ReadRuns = Effect.Success<ReturnType<typeof make>>
