/** `duo-mfa demo`: thirty days of an emulated tenant, one run per day, made now with the clock set back. */
import { Clock, ConfigProvider, Effect, FileSystem, Path, Runtime, Schema } from "effect"
import { Command } from "effect/cli"
import * as StoryLog from "../emulator/log/StoryLog.ts"
import * as Story from "../emulator/people/Story.ts"
import { serve } from "../emulator/server/Emulator.ts"
import { permissions as allPermissions } from "../emulator/server/Endpoints.ts"
import * as StoppedClock from "../emulator/StoppedClock.ts"
import { ExitCode } from "../failure/ExitCode.ts"
import { makeDirectory } from "../files/Durable.ts"
import * as Files from "../files/Files.ts"
import * as Owner from "../files/Owner.ts"
import type { Pipeline } from "../Pipeline.ts"
import * as Lock from "../run/publish/Lock.ts"
import type { Target } from "../run/publish/ManifestFile.ts"
import type { FindSink } from "../run/publish/Recovery.ts"
import * as Recovery from "../run/publish/Recovery.ts"
import type * as Run from "../run/Run.ts"
import { inDataDirectory, RunError } from "../run/RunError.ts"
import { version } from "../Version.ts"
import * as Highlights from "./ask/Highlights.ts"
import * as OpenLedger from "./ask/OpenLedger.ts"
import * as LogRuns from "./extract/LogRuns.ts"
import * as Report from "./report.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import * as Targets from "./shared/Targets.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** The demo would delete the runs of a real tenant. */
export class NotADemo extends Schema.TaggedError<NotADemo>()("NotADemo", { directory: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.refused
  override get message() {
    return `${this.directory} has runs of a real tenant. Nothing changed; move it away, or start the demo elsewhere.`
  }
}

const days = 30

/** The day on which no run was made. */
const dayWithoutRun = 13
/** The day on which the key had no permission to read bypass codes. */
const dayWithoutCodes = 9
/** The day on which the list of users kept changing, so that the run is not proved complete. */
const dayOfDoubt = 20

export interface Demo {
  /** The users and logs, which are read on every day, and what is read on the last day alone. */
  readonly pipelines: ReadonlyArray<Pipeline>
  readonly dataDirectory: string
  readonly targets: ReadonlyArray<Target>
  readonly findSink: FindSink
  /** When the last run is, in milliseconds since 1970. */
  readonly until: number
  readonly onDay: (day: number) => Effect.Effect<void>
}

const isDaily = ({ kind, name }: Pipeline) => kind === "log" || name === "mfa"

/** Makes the thirty days, with a run on all but one. */
export const make = Effect.fnUntraced(function*(demo: Demo) {
  const { dataDirectory, findSink, onDay, targets, until } = demo
  // the emulator has another port each day, and the tenant must keep its name
  const pipelines = demo.pipelines.map((pipeline): Pipeline => ({
    ...pipeline,
    connect: Effect.map(pipeline.connect, (source) => ({ ...source, tenant: Story.tenant }))
  }))
  const story = Story.from(until / 1000 - (days - 1) * Story.secondsOfDay)
  const tenants = Array.from({ length: days }, (_, day) => Story.tenantOn(story, day))
  const tenantOn = (day: number) => tenants[day] ?? Story.tenantOn(story, day)
  const log = StoryLog.make(story, tenantOn)
  for (let day = 0; day < days; day++) {
    yield* onDay(day)
    if (day === dayWithoutRun) continue
    yield* Effect.scoped(Effect.gen(function*() {
      const { host, ikey, skey } = yield* serve({
        tenant: tenantOn(day),
        log,
        seed: story.seed,
        permissions: allPermissions.filter((permission) => permission !== "bypass_codes" || day !== dayWithoutCodes),
        scenario: day === dayOfDoubt ? [{ do: { fault: "total_objects", add: 1 } }] : []
      })
      const settings = { DUO_HOST: host, DUO_IKEY: ikey, DUO_SKEY: skey, DUO_INSECURE_LOOPBACK: "1" }
      for (const pipeline of pipelines) {
        if (!isDaily(pipeline) && day < days - 1) continue
        const options: Run.RunOptions = {
          dataDirectory,
          sinks: targets.filter(({ sink }) => pipeline.sinks.includes(sink)),
          findSink,
          toolVersion: version,
          allowEmpty: false,
          pageSize: undefined,
          concurrency: 1,
          // a day before the first login, so that the log of the last thirty days is known as a whole
          range: pipeline.kind === "log" ? { from: (story.epoch - Story.secondsOfDay) * 1000 } : undefined
        }
        yield* LogRuns.run(pipeline, options, () => Effect.void).pipe(
          Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: settings })))
        )
      }
    })).pipe(
      Effect.provideServiceEffect(Clock.Clock, StoppedClock.at(until - (days - 1 - day) * Story.secondsOfDay * 1000))
    )
  }
})

/** Locks out a second demo until the scope closes. Each day also takes and releases the lock of a run. */
const hold = Effect.fnUntraced(function*(dataDirectory: string) {
  const { join } = yield* Path.Path
  const directory = join(dataDirectory, ".demo")
  yield* makeDirectory(directory).pipe(
    Effect.mapError((error) => new RunError({ reason: inDataDirectory(directory, Files.reasonOf(error)) }))
  )
  yield* Lock.acquire(directory)
})

/**
 * Deletes the data of an earlier demo, or of `make extract` without settings, unless a run is going. The staged files
 * of a killed run are discarded first, because only its manifest says where they are.
 */
const clear = Effect.fnUntraced(function*(directory: string, findSink: FindSink) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const manifests = yield* (yield* Recovery.lockAndRecover({ dataDirectory: directory, sinks: [], findSink })).all
  if (manifests.some(({ tenant }) => !tenant.startsWith("127.0.0.1:"))) return yield* new NotADemo({ directory })
  for (const name of ["duo.duckdb", "parquet", "ndjson", "csv", "runs", "report.html"]) {
    yield* Effect.orDie(fs.remove(join(directory, name), { recursive: true, force: true }))
  }
}, Effect.scoped)

const introduction = (isRead: boolean) =>
  `Thirty days of an invented tenant are in data/demo, with a run on all but one.
Here are five questions to them, each with the command for the whole answer.
${
    isRead
      ? "Without Duo settings and a ledger in data, the commands read data/demo."
      : "There are settings or a ledger of your own, so the commands name data/demo."
  }
`

const next = (command: string, report: string) =>
  `The report, for a browser:
  ${report}

All questions:      ${command} sql @
Your own tenant:    ${commandName()} init`

/** Writes the report, and returns the five answers with the commands to go on. `isRead` is `Settings.isDemoRead`. */
export const highlights = Effect.fnUntraced(function*(dataDirectory: string, isRead: boolean) {
  const path = yield* Path.Path
  const ledger = yield* OpenLedger.open(dataDirectory, "ledger")
  const report = path.join(dataDirectory, Report.pages.keep.name)
  yield* Report.write(ledger, { dataDirectory, file: report, pii: "keep" })
  const { href } = yield* Effect.orDie(path.toFileUrl(report))
  const command = isRead ? commandName() : `DUO_MFA_DATA=${Settings.demoDirectory} ${commandName()}`
  return [introduction(isRead), yield* Highlights.answers(dataDirectory, ledger, command), next(command, href)].join(
    "\n"
  )
}, Effect.scoped)

export const demo = Command.make(
  "demo",
  {},
  Effect.fnUntraced(function*() {
    const catalog = yield* Plugins
    const path = yield* Path.Path
    const dataDirectory = path.resolve(Settings.demoDirectory)
    yield* Owner.check(dataDirectory)
    yield* hold(dataDirectory)
    yield* clear(dataDirectory, catalog.ownSink)
    const mfa = yield* catalog.findPipeline("mfa")
    yield* make({
      pipelines: [mfa, yield* catalog.findPipeline("auth"), yield* catalog.findPipeline("integrations")],
      dataDirectory,
      targets: yield* Targets.resolve(dataDirectory, mfa.sinks),
      findSink: catalog.ownSink,
      until: yield* Clock.currentTimeMillis,
      onDay: (day) => Effect.sync(() => Stderr.show(`day ${day + 1} of ${days}`))
    }).pipe(Effect.ensuring(Stderr.done))
    yield* Stdout.print(yield* highlights(dataDirectory, yield* Settings.isDemoRead))
  }, Effect.scoped)
).pipe(
  Command.withDescription("Make thirty days of an invented tenant in data/demo, and answer five questions"),
  Command.withExamples([
    { command: "duo-mfa demo" }
  ])
)
