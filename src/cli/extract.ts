/** `duo-mfa extract`: one run of a pipeline. */
import { Effect, Exit, Option, Runtime, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Personal from "../duckdb/Personal.ts"
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
import { duration } from "./shared/Duration.ts"
import * as Notify from "./shared/Notify.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import { facts, summary, withoutLocations } from "./shared/Summary.ts"
import * as Targets from "./shared/Targets.ts"
import { defect, exitStatusOf, publicMessageOf } from "./terminal/ExitStatus.ts"
import * as Published from "./terminal/Published.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** Published, and the list would not hold still; with `--strict` that is not good enough. */
export class Incomplete extends Schema.TaggedError<Incomplete>()("Incomplete", { reason: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.incomplete
  override get message() {
    return `Published, but not proved complete: ${this.reason}. Nothing was deleted for it; run again.`
  }
  get publicMessage() {
    return this.message
  }
}

/** Flags that cannot be meant together. */
export class Contradiction extends Schema.TaggedError<Contradiction>()("Contradiction", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `${this.detail} See duo-mfa extract --help.`
  }
}

const positive = (most: number) =>
  Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: most }, { message: `Expected 1 to ${most}` }))

/** Something that is off if it is not said. */
const option = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

const flags = {
  pipeline: Argument.String("pipeline").pipe(
    Argument.withDescription("What to extract; duo-mfa pipelines lists them"),
    Argument.withDefault("mfa")
  ),
  sink: Flag.String("sink").pipe(
    Flag.withDescription("NAME[:TARGET], repeatable; replaces the pipeline's own. NAME may be a module"),
    Flag.atLeast(0)
  ),
  pageSize: Flag.Int("page-size").pipe(
    Flag.withDescription("Objects a page; Duo's maximum if not given"),
    Flag.withSchema(positive(500)),
    Flag.optional
  ),
  concurrency: Flag.Int("concurrency").pipe(
    Flag.withDescription("Pages in flight"),
    Flag.withSchema(positive(16)),
    Flag.withDefault(4)
  ),
  maxShrink: Flag.Finite("max-shrink").pipe(
    Flag.withDescription(
      "Percent of the tenant, or a table, that may be gone since the run before; 10, or what the pipeline says, if not given"
    ),
    Flag.withSchema(
      Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 100 }, { message: "Expected 0 to 100" }))
    ),
    Flag.optional
  ),
  allowEmpty: option("allow-empty", "Believe a tenant, or a table, that has nothing left"),
  pii: Flag.Literals("pii", Personal.treatments).pipe(
    Flag.withDescription("What becomes of personal columns: as they are, a keyed hash, or NULL"),
    Flag.withDefault("keep")
  ),
  strict: option("strict", "Exit 3 if the snapshot could not be proved complete"),
  record: Flag.String("record").pipe(
    Flag.withDescription("A new directory for what Duo answers, to run again from it"),
    Flag.optional
  ),
  pseudonymise: option("pseudonymise", "Record hashes of the same shape in the place of names, numbers and ids"),
  replay: Flag.String("replay").pipe(
    Flag.withDescription("A record's directory: the same run again, without Duo"),
    Flag.optional
  ),
  wait: duration(
    "wait",
    "Wait so long for another run that is in the way, such as 10m; without it end with 75 at once"
  ),
  notify: Flag.Redacted("notify").pipe(
    Flag.withDescription("An https webhook that is told what the run came to; as DUO_MFA_NOTIFY it is seen by fewer"),
    Flag.optional
  ),
  dryRun: option("dry-run", "Read and count, and write nothing"),
  json: option("json", "Print one JSON object on standard output")
}

/** What the flags say of records. */
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

/** Remembers the last progress, for a failure to tell what is known. */
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
        const findSink = yield* Targets.finding(sinks)
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
        // standard error has it too, and the exit code is of what failed first
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
).pipe(Command.withDescription("Read a tenant once, and publish the rows: its users, or what the pipeline says"))
