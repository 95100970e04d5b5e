/** `duo-mfa check`: whether an extraction would work, without doing one. */
import { Effect, Runtime, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import * as Run from "../run/Run.ts"
import { collector } from "../telemetry/Collector.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import * as Targets from "./shared/Targets.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** Several checks failed. */
export class Problems extends Schema.TaggedError<Problems>()("Problems", {
  /** The exit code of the first. */
  exit: Schema.Int,
  sentences: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = this.exit
  override get message() {
    return [`${this.sentences.length} things are wrong:`, ...this.sentences.map((sentence) => `- ${sentence}`)].join(
      "\n"
    )
  }
}

/** Prints a check that went well. */
export const printOk = (subject: string, detail: string) => Stdout.print(`ok  ${subject.padEnd(16)} ${detail}`)

export const check = Command.make(
  "check",
  {
    pipeline: Argument.String("pipeline").pipe(
      Argument.withDescription("What would be extracted; default mfa"),
      Argument.withDefault("mfa")
    ),
    sink: Flag.String("sink").pipe(
      Flag.withDescription("Where rows would go, as for extract; default: the sinks of the pipeline"),
      Flag.withMetavar("NAME[:TARGET]"),
      Flag.atLeast(0)
    ),
    offline: Flag.Boolean("offline").pipe(Flag.withDescription("Ask Duo nothing"), Flag.withDefault(false))
  },
  Effect.fnUntraced(function*({ offline, pipeline: name, sink }) {
    const problems: Array<ExpectedFailure> = []
    /** Keeps a failure for the end, and goes on. */
    const noted = <A, E extends ExpectedFailure, R>(part: Effect.Effect<A, E, R>) =>
      Effect.match(part, {
        onFailure: (error) => {
          problems.push(error)
          return undefined
        },
        onSuccess: (value) => value
      })

    yield* Settings.warn
    const pipeline = yield* (yield* Plugins).findPipeline(name)
    const source = yield* noted(pipeline.connect)
    if (source !== undefined) yield* printOk("settings", source.tenant)
    const collectorAddress = yield* noted(collector)
    if (collectorAddress !== undefined) yield* printOk("telemetry", `goes to ${collectorAddress.host}`)
    if (source !== undefined && !offline) {
      for (const { detail, subject } of (yield* noted(source.check)) ?? []) yield* printOk(subject, detail)
    }
    yield* noted(Effect.gen(function*() {
      const dataDirectory = yield* Settings.dataDirectory
      const sinks = yield* Targets.resolve(dataDirectory, sink.length === 0 ? pipeline.sinks : sink)
      const findSink = yield* Targets.sinkFinder(sinks)
      const tenant = source?.tenant ?? "unknown"
      for (const found of yield* Run.checkSinks(pipeline, { tenant, dataDirectory, sinks, findSink })) {
        if (found.error !== undefined) problems.push(found.error)
        else yield* printOk(found.sink, `${found.location} can be written`)
      }
    }))
    const [first, ...others] = problems
    if (first === undefined) {
      return yield* Stderr.next(`${commandName()} extract${name === "mfa" ? "" : ` ${name}`}`)
    }
    return yield* others.length === 0 ? Effect.fail(first) : new Problems({
      exit: first[Runtime.errorExitCode],
      sentences: problems.map(({ message }) => message)
    })
  }, Effect.scoped)
).pipe(
  Command.withDescription("Check settings, clock, permissions and sinks, without a run"),
  Command.withExamples([
    { command: "duo-mfa check" },
    { command: "duo-mfa check admins --sink postgres", description: "For another pipeline and another sink" }
  ])
)
