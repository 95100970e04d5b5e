/** `duo-mfa extract`: one run of a pipeline. */
import { Effect, Exit, Option, Runtime, Schema } from "effect"
import { Command } from "effect/cli"
import { Recording } from "../duo/record/Recording.ts"
import { ExitCode } from "../failure/ExitCode.ts"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import * as Owner from "../files/Owner.ts"
import { objectsOf } from "../Outcome.ts"
import { Progress } from "../run/Progress.ts"
import * as Run from "../run/Run.ts"
import { collector } from "../telemetry/Collector.ts"
import * as Meters from "../telemetry/Meters.ts"
import { withoutPaths } from "../telemetry/Paths.ts"
import { observed } from "../telemetry/RunTelemetry.ts"
import * as Spans from "../telemetry/Spans.ts"
import * as Json from "../text/Json.ts"
import { version } from "../Version.ts"
import { flags } from "./extract/Flags.ts"
import * as Notify from "./shared/Notify.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import { facts, summary, withoutLocations } from "./shared/Summary.ts"
import * as Targets from "./shared/Targets.ts"
import { commandName } from "./terminal/CommandName.ts"
import { defect, exitStatusOf, publicMessageOf } from "./terminal/ExitStatus.ts"
import * as Published from "./terminal/Published.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** The run was published but not proved complete, which `--strict` does not accept. */
export class Incomplete extends Schema.TaggedError<Incomplete>()("Incomplete", { reason: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.incomplete
  override get message() {
    return `Published, but not proved complete: ${this.reason}. Nothing was deleted for it; run again.`
  }
  get publicMessage() {
    return this.message
  }
}

/** Two flags that exclude each other. */
export class Contradiction extends Schema.TaggedError<Contradiction>()("Contradiction", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `${this.detail} See ${commandName()} extract --help.`
  }
}

/** The flags `--record`, `--pseudonymise` and `--replay` as one value. */
const recording = (
  record: Option.Option<string>,
  pseudonymise: boolean,
  replay: Option.Option<string>
): Effect.Effect<Recording, Contradiction> => {
  if (Option.isSome(record)) {
    return Option.isSome(replay)
      ? Effect.fail(
        new Contradiction({ detail: "--record and --replay exclude each other: what is replayed is a record." })
      )
      : Effect.succeed({ record: { directory: record.value, pseudonymise } })
  }
  return pseudonymise
    ? Effect.fail(new Contradiction({ detail: "--pseudonymise is about a record: name its directory with --record." }))
    : Effect.succeed(Option.isSome(replay) ? { replay: replay.value } : {})
}

/** Passes each progress report on to `seen`, so that a failure can say how far the run was. */
const watched = <A, E, R>(run: Effect.Effect<A, E, R>, seen: (progress: Progress) => void) =>
  Effect.flatMap(Progress, (report) =>
    Effect.provideService(run, Progress, (progress) => {
      seen(progress)
      return report(progress)
    }))

/** What to do with the rows: query the ledger, or compare other sinks with the run. */
const nextStep = ({ receipts }: Run.Result) => {
  if (receipts.length === 0) return `${commandName()} extract, without --dry-run`
  return receipts.some(({ sink }) => sink === "duckdb")
    ? `${commandName()} sql @ lists questions, ${commandName()} report writes a page`
    : `${commandName()} verify`
}

export const extract = Command.make(
  "extract",
  flags,
  Effect.fnUntraced(
    function*(
      {
        allowEmpty,
        concurrency,
        dryRun,
        json,
        maxShrink,
        notify,
        pageSize,
        pii,
        pipeline: name,
        pseudonymise,
        record,
        replay,
        sink,
        strict,
        wait
      }
    ) {
      let last: Partial<Progress> = {}
      let webhook: Notify.Webhook | undefined
      const options = { toolVersion: version, pageSize: Option.getOrUndefined(pageSize), concurrency }

      const run = Effect.gen(function*() {
        for (const directory of [record, replay]) if (Option.isSome(directory)) yield* Owner.check(directory.value)
        webhook = yield* Notify.webhook(notify)
        yield* collector
        yield* Settings.warn
        const catalog = yield* Plugins
        const pipeline = yield* catalog.findPipeline(name)
        const dataDirectory = yield* Settings.dataDirectory
        const sinks = yield* Targets.resolve(dataDirectory, sink.length === 0 ? pipeline.sinks : sink)
        const findSink = yield* Targets.sinkFinder(sinks)
        if (dryRun) return yield* Effect.interruptible(Run.dryRun(pipeline, options))
        return yield* Run.run(pipeline, {
          ...options,
          dataDirectory,
          sinks,
          allowEmpty,
          maxShrink: Option.getOrUndefined(maxShrink),
          personal: pii,
          wait: Option.getOrUndefined(wait),
          findSink: (name) => Effect.map(findSink(name), Spans.watched)
        })
      }).pipe(Effect.provideServiceEffect(Recording, recording(record, pseudonymise, replay)))

      const postSummary = (facts: object, text: string) =>
        webhook === undefined ? Effect.void : Effect.interruptible(
          Notify.post(webhook, { facts, text: `duo-mfa extract${dryRun ? " --dry-run" : ""}: ${text}` })
        )

      const failed = Effect.fnUntraced(function*(error: ExpectedFailure) {
        const exit = error[Runtime.errorExitCode]
        const seen = last.what === undefined ? {} : { [last.what]: last.seen }
        const known = { exit, pipeline: name, ...seen, total_objects: last.total, pages: last.pages }
        // a failure to write is ignored: standard error has the message too, and the exit code is of the first failure
        if (json) yield* Effect.ignore(Stdout.json({ error: error._tag, message: error.message, ...known }))
        const message = withoutPaths(publicMessageOf(error), yield* Settings.dataDirectoryPath)
        yield* postSummary(
          { error: error._tag, message, ...known },
          `failed with exit ${exit}, ${error._tag}. ${message}`
        )
      })

      const result = yield* watched(run, (progress) => {
        last = progress
      }).pipe(
        Effect.ensuring(Stderr.done),
        Effect.tapError(failed),
        Effect.tapDefect(() => failed(defect)),
        Effect.onInterrupt(() => Effect.sync(() => Stderr.complain("Stopped; nothing was published."))),
        Effect.provide(Stderr.progress)
      )
      const { facts: published, text } = withoutLocations(result)
      yield* Meters.published({
        ...published,
        ...objectsOf(result.outcome),
        counts: result.outcome.counts,
        warned: Object.values(result.outcome.warned).reduce((sum, times) => sum + times, 0)
      })
      for (const warning of result.outcome.warnings) yield* Effect.logWarning(warning)
      const incomplete = strict && !result.outcome.complete
      const exit = incomplete ? ExitCode.incomplete : ExitCode.ok
      const output = json ? Json.stringify({ ...facts(result), exit }) : summary(result)
      const hasRows = result.receipts.some(({ location }) => location === "-")
      const shown = yield* Effect.exit(hasRows ? Effect.sync(() => Stderr.print(output)) : Stdout.print(output))
      const code = Exit.isSuccess(shown) ? exit : ExitCode.io
      Published.markPublished(code)
      yield* postSummary({ ...published, exit: code }, text)
      yield* shown
      if (incomplete) return yield* new Incomplete({ reason: result.outcome.incomplete_reason ?? "unknown" })
      if (!json) yield* Stderr.next(nextStep(result))
    },
    Effect.fnUntraced(function*(run, { pipeline }) {
      return yield* observed(run, {
        pipeline,
        dataDirectory: yield* Settings.dataDirectoryPath,
        endingOf: exitStatusOf
      })
    }),
    Effect.uninterruptible
  )
).pipe(
  Command.withDescription("Read a tenant once and publish its rows"),
  Command.withExamples([
    { command: "duo-mfa extract", description: "Every user, into the ledger, Parquet and NDJSON" },
    { command: "duo-mfa extract admins", description: "The administrators of Duo" },
    { command: "duo-mfa extract --sink csv --sink parquet:/srv/duo", description: "Into other places" },
    { command: "duo-mfa extract --dry-run", description: "Read and count only" }
  ])
)
