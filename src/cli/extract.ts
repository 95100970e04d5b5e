/** `duo-mfa extract`: one run of a pipeline, or a round of many tenants. */
import { Cause, Effect, Option, Runtime } from "effect"
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
import * as Then from "./extract/after/Then.ts"
import * as Watchers from "./extract/after/Watchers.ts"
import { Contradiction } from "./extract/Contradiction.ts"
import * as Extracted from "./extract/Extracted.ts"
import { type ExtractFlags, flags } from "./extract/Flags.ts"
import * as LogRuns from "./extract/LogRuns.ts"
import * as RecordingFlags from "./extract/RecordingFlags.ts"
import * as RoundSummary from "./extract/RoundSummary.ts"
import * as Tenants from "./extract/Tenants.ts"
import * as Notify from "./shared/Notify.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import * as Targets from "./shared/Targets.ts"
import { defect, exitCode, exitStatusOf } from "./terminal/ExitStatus.ts"
import * as FailureReport from "./terminal/FailureReport.ts"
import * as Published from "./terminal/Published.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** Passes each progress report on to `seen`, so that a failure can say how far the run was. */
const watched = <A, E, R>(run: Effect.Effect<A, E, R>, seen: (progress: Progress) => void) =>
  Effect.flatMap(Progress, (report) =>
    Effect.provideService(run, Progress, (progress) => {
      seen(progress)
      return report(progress)
    }))

/** Fails if a flag is about a published run, and the run is a dry one. */
const refuseDryRun = ({ dryRun, followers, metrics }: ExtractFlags) => {
  const flag = followers.length > 0 ? "--then" : Option.isSome(metrics) ? "--metrics" : undefined
  return flag !== undefined && dryRun
    ? Effect.fail(
      new Contradiction({ detail: `${flag} and --dry-run exclude each other: a dry run publishes nothing.` })
    )
    : Effect.void
}

/** The exit code of a command with these failures. The first one decides. */
const exitOf = ([first]: ReadonlyArray<Cause.Cause<unknown>>) => first === undefined ? ExitCode.ok : exitCode(first)

/** Prints the result of a run, does what follows, and posts how all of it ended. */
const conclude = Effect.fnUntraced(function*(
  { followers, json }: ExtractFlags,
  result: Extracted.Extracted,
  post: (facts: object, text: string) => Effect.Effect<void>
) {
  yield* Meters.published(result.meters)
  for (const warning of result.warnings) yield* Effect.logWarning(warning)
  const lost: Array<Cause.Cause<Stdout.LostOutput>> = []
  const print = (text: string) =>
    (result.hasPrintedRows ? Effect.sync(() => Stderr.print(text)) : Stdout.print(text)).pipe(
      Effect.catchCause((cause) => Effect.sync(() => void lost.push(cause)))
    )
  if (!json) yield* print(result.text)
  const own = result.failure === undefined ? [] : [Cause.fail(result.failure)]
  const followed = yield* Then.follow(followers, result.tenants, (text) => json ? Effect.void : print(`\n${text}`))
  const failures = [...own, ...followed.failures]
  if (json) yield* print(Json.stringify({ ...result.facts, ...followed.facts, exit: exitOf(failures) }))
  const all = [...lost, ...failures]
  const exit = exitOf(all)
  Published.markPublished(exit)
  const texts = [result.news.text, followed.news.text]
  yield* post({ ...result.news.facts, ...followed.news.facts, exit }, texts.filter((text) => text !== "").join("\n"))
  const [first, ...others] = all
  for (const cause of others) FailureReport.print(cause)
  if (first !== undefined) return yield* Effect.failCause(first)
  if (!json) yield* Stderr.next(followed.nextStep ?? result.nextStep)
})

/** Runs a pipeline, prints and posts the result, and does what follows. */
const perform = Effect.fnUntraced(function*(asked: ExtractFlags, onTenants: Watchers.OnTenants) {
  const { dryRun, followers, json, pipeline: name, strict } = asked
  let last: Partial<Progress> = {}
  let webhook: Notify.Webhook | undefined
  let published = 0
  let stopped = () =>
    published === 0
      ? "Stopped; nothing was published."
      : `Stopped; ${published} runs are published. The next extract goes on after them.`
  const options = {
    toolVersion: version,
    pageSize: Option.getOrUndefined(asked.pageSize),
    concurrency: asked.concurrency
  }

  const run = Effect.gen(function*() {
    yield* refuseDryRun(asked)
    for (const directory of [asked.record, asked.replay]) {
      if (Option.isSome(directory)) yield* Owner.check(directory.value)
    }
    webhook = yield* Notify.webhook(asked.notify)
    yield* collector
    yield* Settings.warn
    const tenants = yield* Tenants.find({
      accounts: asked.accounts,
      atOnce: asked.atOnce,
      file: asked.tenants,
      maxRate: asked.maxRate,
      isRecorded: Option.isSome(asked.record) || Option.isSome(asked.replay),
      shard: asked.shard,
      tenantTimeout: asked.tenantTimeout
    })
    const catalog = yield* Plugins
    const pipeline = yield* catalog.findPipeline(name)
    const range = yield* LogRuns.rangeOf(pipeline, asked.from, asked.to)
    const dataDirectory = yield* Settings.dataDirectory
    const sinks = yield* Targets.resolve(dataDirectory, asked.sink.length === 0 ? pipeline.sinks : asked.sink)
    yield* Then.check(followers, sinks, dataDirectory)
    const findSink = yield* Targets.sinkFinder(sinks)
    const runOptions: Run.RunOptions = {
      ...options,
      dataDirectory,
      sinks,
      allowEmpty: asked.allowEmpty,
      maxShrink: Option.getOrUndefined(asked.maxShrink),
      personal: asked.pii,
      range,
      wait: Option.getOrUndefined(asked.wait),
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
  }).pipe(Effect.provideServiceEffect(Recording, RecordingFlags.parse(asked)))

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
    if (followers.length > 0) yield* Effect.logWarning(`The run failed, so ${Then.notDone(followers)}.`)
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
  onTenants(result.tenants)
  yield* conclude(asked, result, postSummary)
})

export const extract = Command.make(
  "extract",
  flags,
  Effect.fnUntraced(function*(asked) {
    const dataDirectory = yield* Settings.dataDirectoryPath
    yield* Watchers.watched(
      asked,
      (onTenants) =>
        observed(perform(asked, onTenants), { pipeline: asked.pipeline, dataDirectory, endingOf: exitStatusOf })
    )
  }, Effect.uninterruptible)
).pipe(
  Command.withDescription("Read a tenant once and publish its rows"),
  Command.withExamples([
    { command: "duo-mfa extract", description: "Every user, into the ledger, Parquet and NDJSON" },
    { command: "duo-mfa extract admins", description: "The administrators of Duo" },
    { command: "duo-mfa extract auth", description: "The log of all logins" },
    { command: "duo-mfa extract integrations", description: "Applications, and what Duo's policies permit" },
    { command: "duo-mfa extract --sink csv --sink parquet:/srv/duo", description: "Into other places" },
    { command: "duo-mfa extract --tenants customers.toml", description: "Many tenants, published together" },
    { command: "duo-mfa extract --then policy,report", description: "And what people want every morning" },
    { command: "duo-mfa extract --dry-run", description: "Read and count only" }
  ])
)
