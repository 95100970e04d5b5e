/** `duo-mfa tenants`: the tenants in the data directory, and how one is retired. */
import { Effect, Option, Runtime, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { ExitCode } from "../failure/ExitCode.ts"
import { isRetired, objectsOf, type Outcome } from "../Outcome.ts"
import * as Manifest from "../run/publish/Manifest.ts"
import { retire as retireIn } from "../run/round/Retire.ts"
import * as Suggestion from "../text/Suggestion.ts"
import { version } from "../Version.ts"
import { duration } from "./shared/Duration.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import * as Targets from "./shared/Targets.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Format from "./terminal/Format.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** No run of the tenant was published. */
export class UnknownTenant extends Schema.TaggedError<UnknownTenant>()("UnknownTenant", {
  name: Schema.String,
  names: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return Suggestion.unknown("tenant", this.name, this.names)
  }
}

/** The newest run of each tenant and pipeline, by name. */
const newestRuns = Effect.fnUntraced(function*(dataDirectory: string) {
  const newest = new Map<string, Outcome>()
  for (const outcome of yield* (yield* Manifest.make(dataDirectory)).all) {
    const place = JSON.stringify([outcome.tenant, outcome.pipeline])
    if (!newest.has(place)) newest.set(place, outcome)
  }
  return [...newest].toSorted(([a], [b]) => a < b ? -1 : 1).map(([_, outcome]) => outcome)
})

const retire = Command.make(
  "retire",
  {
    name: Argument.String("name").pipe(Argument.withDescription("The name of the tenant, as duo-mfa tenants lists it")),
    sink: Flag.String("sink").pipe(
      Flag.withDescription("Where its rows are, repeatable, as for extract; default: the sinks of the pipeline"),
      Flag.withMetavar("NAME[:TARGET]"),
      Flag.atLeast(0)
    ),
    wait: duration("wait", "How long to wait for another run to end, such as 10m; default: exit 75 at once")
  },
  Effect.fnUntraced(function*({ name, sink, wait }) {
    const dataDirectory = yield* Settings.dataDirectory
    const catalog = yield* Plugins
    const runs = yield* newestRuns(dataDirectory)
    const own = runs.filter(({ tenant }) => tenant === name)
    if (own.length === 0) {
      return yield* new UnknownTenant({ name, names: [...new Set(runs.map(({ tenant }) => tenant))] })
    }
    for (const { pipeline: of, rows } of own) {
      const pipeline = yield* catalog.findPipeline(of)
      // events have happened, so they go on to count
      if (pipeline.kind === "log") continue
      const sinks = yield* Targets.resolve(dataDirectory, sink.length === 0 ? pipeline.sinks : sink)
      const findSink = yield* Targets.sinkFinder(sinks)
      const hasRetired = yield* retireIn(pipeline, name, {
        dataDirectory,
        sinks,
        findSink,
        toolVersion: version,
        pageSize: undefined,
        concurrency: 1,
        allowEmpty: true,
        wait: Option.getOrUndefined(wait)
      })
      const { seen, what } = objectsOf({ rows })
      yield* Stdout.print(
        hasRetired
          ? `${name} is retired: its ${seen} ${what} count no more, and their history stays.`
          : `${name} is retired already in ${of}. Nothing changed.`
      )
    }
  }, Effect.uninterruptible)
).pipe(
  Command.withDescription("Let a tenant that is gone count no more; its history stays"),
  Command.withExamples([{ command: "duo-mfa tenants retire \"Example Customer 7\"" }])
)

export const tenants = Command.make(
  "tenants",
  {},
  Effect.fnUntraced(function*() {
    const runs = yield* newestRuns(yield* Settings.dataDirectoryToRead)
    const rows = runs.map((outcome) => {
      const { seen, what } = objectsOf(outcome)
      const state = isRetired(outcome) ? "retired" : outcome.complete ? "complete" : "not proved complete"
      return [outcome.tenant, `${seen} ${what}`, outcome.observed_at.slice(0, 16).replace("T", " "), state]
    })
    yield* Stdout.print(Format.lay("table", { names: ["tenant", "last run", "at (UTC)", "state"], rows }))
    yield* Stderr.next(`${commandName()} tenants retire NAME, if one is gone`)
  })
).pipe(
  Command.withDescription("List the tenants of the data directory, or retire one"),
  Command.withSubcommands([retire]),
  Command.withExamples([
    { command: "duo-mfa tenants" },
    { command: "duo-mfa tenants retire \"Example Customer 7\"", description: "A customer who left" }
  ])
)
