/**
 * Does a tenant's turn: reads the tenant, seals its run, claims the turn, and publishes. The data directory of a turn is
 * temporary: it gets the manifest of the tenant's last run from the board, and the board gets the manifest of this run.
 */
import { Duration, Effect, FileSystem, Path, Runtime, Schedule, Schema } from "effect"
import { ExitCode, mayPass } from "../failure/ExitCode.ts"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import { makeDirectory } from "../files/Durable.ts"
import type { Pipeline } from "../Pipeline.ts"
import * as Manifest from "../run/publish/Manifest.ts"
import * as Recovery from "../run/publish/Recovery.ts"
import * as Run from "../run/Run.ts"
import { RunError } from "../run/RunError.ts"
import type { Board, Turn } from "./Board.ts"
import type { TenantTurnPayload } from "./Cluster.ts"

/** Another run of the same tenant and period was sealed first. */
class Claimed extends Schema.TaggedError<Claimed>()("Claimed", { tenant: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.busy
  override get message() {
    return `Another worker has read ${this.tenant} for this period. This run is discarded.`
  }
}

/** The parts of a log are planned in one data directory, and a fleet has one for each turn. */
class LogInFleet extends Schema.TaggedError<LogInFleet>()("LogInFleet", { pipeline: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `${this.pipeline} is a log, which a fleet does not read. Read it on one machine: duo-mfa extract ${this.pipeline} --tenants FILE`
  }
}

/** The parts of a worker that the command line decides. */
export interface WorkerOptions extends Omit<Run.RunOptions, "allowEmpty" | "maxShrink" | "wait"> {
  /** Finds a pipeline by the name in a turn. It loads no code for it. */
  readonly findPipeline: (name: string) => Effect.Effect<Pipeline, ExpectedFailure>
  /** The pipeline for one tenant, with its settings. */
  readonly pipelineFor: (pipeline: Pipeline, tenant: string) => Effect.Effect<Pipeline, ExpectedFailure, Services>
}
type Services = FileSystem.FileSystem | Path.Path

/** Reads the tenant in a new data directory, and claims the turn before it publishes. */
const read = Effect.fnUntraced(function*(
  board: Board,
  turn: TenantTurnPayload,
  options: WorkerOptions,
  dataDirectory: string
) {
  const found = yield* options.findPipeline(turn.pipeline)
  if (found.kind === "log") return yield* new LogInFleet({ pipeline: found.name })
  const pipeline = yield* options.pipelineFor(found, turn.tenant)
  const last = yield* board.last(turn)
  const manifests = yield* Manifest.make(dataDirectory)
  if (last !== undefined) yield* manifests.receive(last.run_id, "published", last.manifest)
  // until it is sealed the run can be interrupted, and then it is published
  yield* Effect.uninterruptible(Run.run(pipeline, {
    ...options,
    dataDirectory,
    tenant: turn.tenant,
    allowEmpty: turn.allowEmpty,
    maxShrink: turn.maxShrink ?? undefined,
    onSealed: Effect.fnUntraced(function*(run_id, manifest) {
      if (!(yield* board.claim(turn, run_id, manifest))) return yield* new Claimed({ tenant: turn.tenant })
    })
  }))
})

/** Whether a failure says that nothing of a sealed run is left to publish. */
const isGone = (error: unknown) =>
  error instanceof RunError && error.reason._tag === "DataDirectory" && error.reason.why === "unwritable"

/** Whether the run is sealed and claimed, and could not be published yet. */
const isUnpublished = (error: unknown) => error instanceof RunError && error.reason._tag === "Unpublished"

/** Publishes the run that has claimed the turn. If nothing of it is left, the turn is free again. */
const finish = Effect.fnUntraced(function*(
  board: Board,
  turn: Turn,
  options: WorkerOptions,
  dataDirectory: string,
  claim: { readonly run_id: string; readonly manifest: string }
) {
  const manifests = yield* Manifest.make(dataDirectory)
  yield* manifests.receive(claim.run_id, "sealed", claim.manifest)
  yield* Effect.scoped(Recovery.lockAndRecover({ ...options, dataDirectory })).pipe(
    Effect.tapError((error) => isGone(error) ? board.unclaim(turn, claim.run_id) : Effect.void)
  )
})

/** The folder in which each turn that is being done has its data directory. */
const folderIn = (path: Path.Path, dataDirectory: string) => path.join(dataDirectory, "turns")

/** Does a turn once. It does nothing if the turn is published. */
const once = Effect.fnUntraced(function*(board: Board, turn: TenantTurnPayload, options: WorkerOptions) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { is_published, manifest, run_id } = yield* board.claimOn(turn)
  if (is_published) return
  const folder = folderIn(path, options.dataDirectory)
  yield* Effect.orDie(makeDirectory(folder))
  const directory = yield* Effect.orDie(fs.makeTempDirectoryScoped({ directory: folder, prefix: "turn-" }))
  yield* run_id === null || manifest === null
    ? read(board, turn, options, directory)
    : finish(board, turn, options, directory, { run_id, manifest })
  yield* board.published(turn)
}, Effect.scoped)

/** Waits longer each time, up to five minutes. */
const backoff = Schedule.min([Schedule.exponential("5 seconds"), Schedule.spaced("5 minutes")]).pipe(Schedule.jittered)

/**
 * Does a turn, and tries again until its period is over if waiting may help. `permit` lets only so many turns be done at
 * the same time. The result is on the board.
 */
export const take = Effect.fnUntraced(function*(
  board: Board,
  turn: TenantTurnPayload,
  options: WorkerOptions,
  permit: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
) {
  const until = Date.parse(turn.until)
  yield* permit(once(board, turn, options)).pipe(
    Effect.tapError(({ message }) => Effect.logWarning(message)),
    Effect.retry({
      while: (error) => mayPass(error[Runtime.errorExitCode]) || isUnpublished(error) || isGone(error),
      schedule: backoff.pipe(
        Schedule.while(({ duration, now }) => now + Duration.toMillis(duration) < until)
      )
    }),
    Effect.andThen(Effect.logInfo("Published")),
    Effect.catch((error) =>
      board.failed(turn, turn.attempt, {
        tag: error._tag,
        message: error.message,
        exit: error[Runtime.errorExitCode]
      }).pipe(
        // without the database there is no fleet, and nothing else to do
        Effect.retry({ while: ({ exit }) => mayPass(exit), schedule: Schedule.spaced("10 seconds") }),
        Effect.orDie
      )
    ),
    Effect.annotateLogs({ "duo_mfa.tenant": turn.tenant, "duo_mfa.period": turn.period })
  )
})

/**
 * Tidies up after a worker that was killed: discards its runs, except those that have claimed their turn, which other workers
 * publish. The folder of a living worker has a lock, and is left alone.
 */
export const tidy = Effect.fnUntraced(function*(board: Board, options: WorkerOptions) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = folderIn(path, options.dataDirectory)
  const isUnwanted = (run_id: string) => Effect.map(board.isClaimed(run_id), (isClaimed) => !isClaimed)
  for (const name of yield* Effect.orElseSucceed(fs.readDirectory(folder), () => [])) {
    const dataDirectory = path.join(folder, name)
    yield* Effect.scoped(Recovery.lockAndDiscard({ ...options, dataDirectory }, isUnwanted)).pipe(
      Effect.andThen(Effect.orDie(fs.remove(dataDirectory, { recursive: true, force: true }))),
      Effect.catch(({ message }) => Effect.logWarning(`${dataDirectory} is left as it is. ${message}`))
    )
  }
})
