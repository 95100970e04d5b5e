/** `duo-mfa rebuild`: makes the ledger again from the Parquet snapshots. */
import { Effect, Runtime, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import * as DuckDb from "../duckdb/DuckDb.ts"
import { ExitCode } from "../failure/ExitCode.ts"
import { InputOutput } from "../failure/SinkError.ts"
import * as Files from "../files/Files.ts"
import * as Ledger from "../history/ledger/Ledger.ts"
import * as LedgerFile from "../history/ledger/LedgerFile.ts"
import * as ParquetEvents from "../history/ParquetEvents.ts"
import * as Rebuild from "../history/Rebuild.ts"
import * as OpenRound from "../run/OpenRound.ts"
import * as Recovery from "../run/publish/Recovery.ts"
import { withLocation } from "../run/publish/SinkLocation.ts"
import { newStamp } from "../run/Stamp.ts"
import * as OnlyInLedger from "./rebuild/OnlyInLedger.ts"
import * as PipelineModules from "./shared/PipelineModules.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** There are no Parquet snapshots. */
export class NoSnapshots extends Schema.TaggedError<NoSnapshots>()("NoSnapshots", { directory: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `There are no Parquet snapshots in ${this.directory}. Run ${commandName()} extract, or set DUO_MFA_DATA.`
  }
}

export const rebuild = Command.make(
  "rebuild",
  {
    modules: PipelineModules.flag,
    keptOnly: Flag.Boolean("kept-only").pipe(
      Flag.withDescription(
        "Make the ledger although it will have only the history of the snapshots that are left; default: refuse"
      ),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*({ keptOnly, modules }) {
    const catalog = yield* Plugins
    const dataDirectory = yield* Settings.dataDirectoryToRead
    const duckdb = withLocation(yield* catalog.ownSink("duckdb"))
    const location = duckdb.location(dataDirectory)
    const root = (yield* catalog.ownSink("parquet")).location(dataDirectory)
    const at = Files.at("duckdb", location)

    const manifests = yield* Recovery.lockAndRecover({ dataDirectory, sinks: [], findSink: catalog.ownSink })
    const { run_id } = yield* newStamp("", yield* manifests.ids)
    yield* Effect.acquireRelease(
      manifests.open(run_id, [{ sink: "duckdb", location }]),
      () => Effect.ignore(Effect.andThen(duckdb.discard(location, run_id), manifests.discarded(run_id)))
    )
    const all = yield* PipelineModules.knownPipelines(modules)
    const tables = all.flatMap((pipeline) => pipeline.tables)
    const { change, existing, spill } = yield* at(LedgerFile.open(location, run_id, tables))
    const session = yield* at(DuckDb.open({ spill }))
    const runs = yield* at(Rebuild.snapshotRuns(session, root))
    if (runs.length === 0) return yield* new NoSnapshots({ directory: root })
    const find = (name: string) => PipelineModules.find(all, name)
    const pipelines = yield* Effect.forEach([...new Set(runs.map(({ pipeline }) => pipeline))], find)
    const rebuilt = yield* Effect.forEach(
      runs,
      ({ complete, file_id, pipeline, tables_collected, ...stamp }) =>
        Effect.map(find(pipeline), (found): Rebuild.RebuiltRun => ({
          ...OpenRound.sinkRun(stamp, found, { allowEmpty: true, maxShrink: 100 }),
          complete,
          file_id,
          tables_collected
        }))
    )
    const logs = all.filter(({ kind }) => kind === "log").map(({ name }) => name)
    const ledgerRuns = existing === undefined ? undefined : yield* at(Ledger.runIds(existing, "existing", logs))
    const known = OnlyInLedger.published(yield* manifests.each, "duckdb", logs)
    const lost = OnlyInLedger.lost(location, known, ledgerRuns, runs.map(({ run_id }) => run_id))
    if (lost !== undefined && !keptOnly) return yield* lost

    const { bytes, publication } = yield* at(change(session, {
      make: Effect.fnUntraced(function*(session, ledger) {
        yield* Rebuild.keepRuns(session, ledger, logs)
        const events = yield* ParquetEvents.find(session, root, tables)
        for (const { tables } of pipelines) yield* Ledger.drop(session, ledger, tables)
        for (const pipeline of pipelines) yield* Ledger.migrate(session, ledger, pipeline, [], events)
        yield* Rebuild.fill(session, ledger, root, rebuilt)
      }),
      verify: Effect.fnUntraced(function*(session, ledger) {
        const ids = yield* Ledger.runIds(session, ledger)
        if (!runs.every(({ run_id }) => ids.includes(run_id))) {
          return yield* new InputOutput({ detail: `runs does not hold the ${runs.length} runs that were written` })
        }
      })
    }))
    yield* Effect.uninterruptible(duckdb.publish(publication, run_id, location))
    yield* Stdout.print(
      `${runs.length} runs from ${runs.at(0)?.run_id} to ${runs.at(-1)?.run_id}: ${location} (${
        (bytes / 1e6).toFixed(1)
      } MB)`
    )
    yield* Stderr.next(`${commandName()} verify`)
  }, Effect.scoped)
).pipe(
  Command.withDescription("Make the ledger again from the Parquet snapshots"),
  Command.withExamples([
    { command: "duo-mfa rebuild" },
    {
      command: "duo-mfa rebuild --kept-only",
      description: "After a loss of the ledger, from the snapshots that prune has left"
    },
    { command: "duo-mfa rebuild --pipeline ./my-pipeline.ts", description: "With runs of a pipeline of your own" }
  ])
)
