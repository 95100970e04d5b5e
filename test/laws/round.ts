/** How a test gives rows to a sink: it stages the runs of a round, or performs the whole round. */
import { Array, Effect, FileSystem } from "effect"
import { tmpdir } from "node:os"
import type { Outcome } from "../../src/Outcome.ts"
import { withLocation } from "../../src/run/publish/SinkLocation.ts"
import type { Sink, SinkRun } from "../../src/Sink.ts"
import type { Batch } from "../../src/Table.ts"
import * as RowPipeline from "../support/row-pipeline.ts"
import { outcomeOf } from "./rows.ts"

/** One run of a round: its `SinkRun`, its rows, and the fields of its outcome that differ from the usual. */
export interface Member {
  readonly run: SinkRun
  readonly rows: Batch
  readonly changes?: Partial<Outcome> | undefined
}

/** The rows of a round in the form in which the engine gives them to sinks. */
export const finished = Effect.fnUntraced(function*(round: ReadonlyArray<Member>) {
  const fs = yield* FileSystem.FileSystem
  // a directory that looks like a hive partition: a path must never change rows
  const directory = `${yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-stage-" })}/tenant=stage/[ab]*`
  yield* fs.makeDirectory(directory, { recursive: true })
  return yield* RowPipeline.finished(directory, round[0]?.run.tables ?? [], round.map(({ rows }) => rows))
})

/** Opens a sink for the newest run of a round and seals all runs of the round, in a scope of its own. */
export const stageRound = (sink: Sink, location: string, round: Array.NonEmptyReadonlyArray<Member>) =>
  Effect.scoped(Effect.gen(function*() {
    const { seal } = yield* withLocation(sink).open(location, Array.lastNonEmpty(round).run, tmpdir())
    const rows = yield* finished(round)
    return yield* seal(round.map(({ changes, rows, run }) => outcomeOf(run, rows, changes)), rows)
  }))

/** The same for a round of one run. */
export const stage = (sink: Sink, location: string, run: SinkRun, rows: Batch, changes?: Partial<Outcome>) =>
  stageRound(sink, location, [{ run, rows, changes }])

/** Seals a round, and publishes it from JSON, as another process would after a crash. */
export const performRound: typeof stageRound = (sink, location, round) =>
  Effect.tap(
    stageRound(sink, location, round),
    ({ publication }) =>
      withLocation(sink).publish(
        JSON.parse(JSON.stringify(publication)),
        Array.lastNonEmpty(round).run.run_id,
        location
      )
  )

/** The same for a round of one run. */
export const perform: typeof stage = (sink, location, run, rows, changes) =>
  performRound(sink, location, [{ run, rows, changes }])
