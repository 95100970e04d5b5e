/** `duo-mfa demo`: thirty days of an emulated tenant, run by run, as if somebody had been at it all along. */
import { Clock, ConfigProvider, Console, Effect, FileSystem, Path, Runtime, Schema } from "effect"
import { Command } from "effect/cli"
import { serve } from "../emulator/Emulator.ts"
import * as StoppedClock from "../emulator/StoppedClock.ts"
import * as Story from "../emulator/Story.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Manifest from "../Manifest.ts"
import type { Pipeline } from "../Pipeline.ts"
import * as Run from "../Run.ts"
import { version } from "../Version.ts"
import { Catalog } from "./Catalog.ts"
import * as Stderr from "./Stderr.ts"
import * as Targets from "./Targets.ts"

/** What is there is not the demo's to make anew. */
export class NotADemo extends Schema.TaggedError<NotADemo>()("NotADemo", { directory: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.refused
  override get message() {
    return `${this.directory} has runs of a real tenant. Nothing changed; move it away, or start the demo elsewhere.`
  }
}

/** The emulated tenant cannot be served. */
export class NoPort extends Schema.TaggedError<NoPort>()("NoPort", { port: Schema.Int }) {
  override readonly [Runtime.errorExitCode] = ExitCode.unavailable
  override get message() {
    return `The emulated tenant is served on port ${this.port}, which somebody else has, perhaps another demo. Run again when it is free.`
  }
}

const days = 30

/** Nobody ran it on that day. */
const dayWithoutRun = 13
/** The key could not read bypass codes. */
const dayWithoutCodes = 9
/** The list of users would not hold still. */
const dayOfDoubt = 20

export interface Demo {
  readonly pipeline: Pipeline
  readonly dataDirectory: string
  readonly targets: ReadonlyArray<Manifest.Target>
  readonly findSink: Run.FindSink
  /** Milliseconds since 1970: when the last of the runs is. */
  readonly until: number
  readonly onDay: (day: number) => Effect.Effect<void>
}

/** Makes the thirty days, one run a day but for one. */
export const make = Effect.fnUntraced(function*(demo: Demo) {
  const { dataDirectory, findSink, onDay, pipeline, targets, until } = demo
  const story = Story.from(until / 1000 - (days - 1) * Story.secondsOfDay)
  for (let day = 0; day < days; day++) {
    yield* onDay(day)
    if (day === dayWithoutRun) continue
    yield* Effect.scoped(Effect.gen(function*() {
      const { host, ikey, skey } = yield* serve({
        tenant: Story.tenantOn(story, day),
        seed: story.seed,
        port: Story.port,
        permissions: day === dayWithoutCodes ? ["users"] : ["users", "bypass_codes"],
        scenario: day === dayOfDoubt ? [{ do: { fault: "total_objects", add: 1 } }] : []
      }).pipe(Effect.mapError(({ port }) => new NoPort({ port })))
      const settings = { DUO_HOST: host, DUO_IKEY: ikey, DUO_SKEY: skey, DUO_INSECURE_LOOPBACK: "1" }
      yield* Run.run(pipeline, {
        dataDirectory,
        sinks: targets,
        findSink,
        toolVersion: version,
        allowEmpty: false,
        pageSize: undefined,
        concurrency: 1
      }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: settings }))))
    })).pipe(
      Effect.provideServiceEffect(Clock.Clock, StoppedClock.at(until - (days - 1 - day) * Story.secondsOfDay * 1000))
    )
  }
})

/** What a demo, or `make extract` without settings, has made before, is made anew. */
const clear = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const manifests = yield* (yield* Manifest.make(directory)).all
  if (manifests.some(({ tenant }) => !tenant.startsWith("127.0.0.1:"))) return yield* new NotADemo({ directory })
  for (const name of ["duo.duckdb", "parquet", "ndjson", "csv", "runs", ".lock"]) {
    yield* Effect.orDie(fs.remove(join(directory, name), { recursive: true, force: true }))
  }
})

const hints = `Thirty days of an invented tenant are in data/demo. Ask them, with DUO_MFA_DATA=data/demo or by make sql:
  duo-mfa sql @coverage             how coverage moved                            make sql Q=@coverage
  duo-mfa sql @regressions          who lost what cannot be phished, last week    make sql Q=@regressions
  duo-mfa sql @phones-on day=DATE   who had which phone on a given day            make sql Q=@phones-on ARGS=day=DATE
  duo-mfa sql @                     all the questions that have a name            make sql Q=@`

export const demo = Command.make(
  "demo",
  {},
  Effect.fnUntraced(function*() {
    const catalog = yield* Catalog
    const path = yield* Path.Path
    const dataDirectory = path.resolve("data/demo")
    yield* clear(dataDirectory)
    const pipeline = yield* catalog.findPipeline("mfa")
    yield* make({
      pipeline,
      dataDirectory,
      targets: yield* Targets.resolve(dataDirectory, pipeline.sinks),
      findSink: catalog.findSink,
      until: yield* Clock.currentTimeMillis,
      onDay: (day) => Effect.sync(() => Stderr.show(`day ${day + 1} of ${days}`))
    })
    yield* Stderr.done
    yield* Console.log(hints)
  })
).pipe(Command.withDescription("Make thirty days of an emulated tenant in data/demo"))
