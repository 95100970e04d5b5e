/** `duo-mfa check`: whether an extraction would work, without doing one. */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Run from "../run/Run.ts"
import { collector } from "../telemetry/Collector.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import * as Targets from "./shared/Targets.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** A line for what is as it should be. */
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
    yield* Settings.warn
    const catalog = yield* Plugins
    const pipeline = yield* catalog.findPipeline(name)
    const source = yield* pipeline.connect
    yield* printOk("settings", source.tenant)
    const collectorAddress = yield* collector
    if (collectorAddress !== undefined) yield* printOk("telemetry", `goes to ${collectorAddress.host}`)
    if (!offline) {
      for (const { detail, subject } of yield* source.check) yield* printOk(subject, detail)
    }
    const dataDirectory = yield* Settings.dataDirectory
    const sinks = yield* Targets.resolve(dataDirectory, sink.length === 0 ? pipeline.sinks : sink)
    yield* Run.checkSinks(pipeline, {
      tenant: source.tenant,
      dataDirectory,
      sinks,
      findSink: yield* Targets.finding(sinks)
    })
    for (const target of sinks) yield* printOk(target.sink, `${target.location} can be written`)
  }, Effect.scoped)
).pipe(
  Command.withDescription("Check settings, clock, permissions and sinks, without a run"),
  Command.withExamples([
    { command: "duo-mfa check" },
    { command: "duo-mfa check admins --sink postgres", description: "For another pipeline and another sink" }
  ])
)
