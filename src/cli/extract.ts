/** `duo-mfa extract`: one run of a pipeline, or a round of many tenants. */
import { Effect, Exit, Option, Runtime } from "effect"
import { Command } from "effect/cli"
import { Recording } from "../duo/record/Recording.ts"
import { ExitCode } from "../failure/ExitCode.ts"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import * as Owner from "../files/Owner.ts"
import { Progress } from "../run/Progress.ts"
import * as Run from "../run/Run.ts"
import { collector } from "../telemetry/Collector.ts"
import * as Meters from "../telemetry/Meters.ts"
import { observed } from "../telemetry/RunTelemetry.ts"
import * as Spans from "../telemetry/Spans.ts"
import * as Json from "../text/Json.ts"
import { version } from "../Version.ts"
import { Contradiction } from "./extract/Contradiction.ts"
import * as Extracted from "./extract/Extracted.ts"
import { flags } from "./extract/Flags.ts"
import * as LogRuns from "./extract/LogRuns.ts"
import * as RoundSummary from "./extract/RoundSummary.ts"
import * as Tenants from "./extract/Tenants.ts"
import * as Notify from "./shared/Notify.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import * as Targets from "./shared/Targets.ts"
import { defect, exitStatusOf } from "./terminal/ExitStatus.ts"
import * as Published from "./terminal/Published.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

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

export const extract = Command.make(
  "extract",
  flags,
  Effect.fnUntraced(
    function*(
      {
        accounts,
        allowEmpty,
        atOnce,
        concurrency,
        dryRun,
        from,
        json,
        maxRate,
        maxShrink,
        notify,
        pageSize,
        pii,
        pipeline: name,
        pseudonymise,
        record,
        replay,
        shard,
        sink,
        strict,
        tenantTimeout,
        tenants: tenantsFile,
        to,
        wait
      }
    ) {
      let last: Partial<Progress> = {}
      let webhook: Notify.Webhook | undefined
      let published = 0
      let stopped = () =>
        published === 0
          ? "Stopped; nothing was published."
          : `Stopped; ${published} runs are published. The next extract goes on after them.`
      const options = { toolVersion: version, pageSize: Option.getOrUndefined(pageSize), concurrency }

      const run = Effect.gen(function*() {
        for (const directory of [record, replay]) if (Option.isSome(directory)) yield* Owner.check(directory.value)
        webhook = yield* Notify.webhook(notify)
        yield* collector
        yield* Settings.warn
        const tenants = yield* Tenants.find({
          accounts,
          atOnce,
          file: tenantsFile,
          maxRate,
          isRecorded: Option.isSome(record) || Option.isSome(replay),
          shard,
          tenantTimeout
        })
        const catalog = yield* Plugins
        const pipeline = yield* catalog.findPipeline(name)
        const range = yield* LogRuns.rangeOf(pipeline, from, to)
        const dataDirectory = yield* Settings.dataDirectory
        const sinks = yield* Targets.resolve(dataDirectory, sink.length === 0 ? pipeline.sinks : sink)
        const findSink = yield* Targets.sinkFinder(sinks)
        const runOptions: Run.RunOptions = {
          ...options,
          dataDirectory,
          sinks,
          allowEmpty,
          maxShrink: Option.getOrUndefined(maxShrink),
          personal: pii,
          range,
          wait: Option.getOrUndefined(wait),
          findSink: (name) => Effect.map(findSink(name), Spans.watched)
        }
        if (tenants !== undefined) {
          stopped = () => tenants.stopped(dryRun, pipeline)
          const result = yield* tenants.run(pipeline, runOptions, dryRun)
          return RoundSummary.ofRound(result, { pipeline: name, strict, leftOut: tenants.leftOut })
        }
        return Extracted.ofRun(
          yield* dryRun
            ? Effect.interruptible(Run.dryRun(pipeline, { ...options, range }))
            : LogRuns.run(pipeline, runOptions, (result) => {
              published++
              return Effect.logInfo(LogRuns.describe(result))
            }),
          strict
        )
      }).pipe(Effect.provideServiceEffect(Recording, recording(record, pseudonymise, replay)))

      const postSummary = (facts: object, text: string) =>
        webhook === undefined ? Effect.void : Effect.interruptible(
          Notify.post(webhook, { facts, text: `duo-mfa extract${dryRun ? " --dry-run" : ""}: ${text}` })
        )

      const failed = Effect.fnUntraced(function*(error: ExpectedFailure) {
        const seen = last.what === undefined ? {} : { [last.what]: last.seen }
        const known = { pipeline: name, ...seen, total_objects: last.total, pages: last.pages }
        const exit = error[Runtime.errorExitCode]
        // a failure to write is ignored: standard error has the message too, and the exit code is of the first failure
        if (json) yield* Effect.ignore(Stdout.json({ error: error._tag, message: error.message, exit, ...known }))
        const { facts, text } = Notify.newsOfFailure(error, yield* Settings.dataDirectoryPath)
        yield* postSummary({ ...facts, ...known }, text)
      })

      const result = yield* watched(run, (progress) => {
        last = progress
      }).pipe(
        Effect.ensuring(Stderr.done),
        Effect.tapError(failed),
        Effect.tapDefect(() => failed(defect)),
        Effect.onInterrupt(() => Effect.sync(() => Stderr.complain(stopped()))),
        Effect.provide(Stderr.progress)
      )
      const { facts, failure, hasPrintedRows, meters, news, nextStep, text, warnings } = result
      yield* Meters.published(meters)
      for (const warning of warnings) yield* Effect.logWarning(warning)
      const exit = failure === undefined ? ExitCode.ok : failure[Runtime.errorExitCode]
      const output = json ? Json.stringify({ ...facts, exit }) : text
      const shown = yield* Effect.exit(
        hasPrintedRows ? Effect.sync(() => Stderr.print(output)) : Stdout.print(output)
      )
      const code = Exit.isSuccess(shown) ? exit : ExitCode.io
      Published.markPublished(code)
      yield* postSummary({ ...news.facts, exit: code }, news.text)
      yield* shown
      if (failure !== undefined) return yield* Effect.fail(failure)
      if (!json) yield* Stderr.next(nextStep)
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
    { command: "duo-mfa extract auth", description: "The log of all logins" },
    { command: "duo-mfa extract integrations", description: "Applications, and what Duo's policies permit" },
    { command: "duo-mfa extract --sink csv --sink parquet:/srv/duo", description: "Into other places" },
    { command: "duo-mfa extract --tenants customers.toml", description: "Many tenants, published together" },
    { command: "duo-mfa extract --dry-run", description: "Read and count only" }
  ])
)
