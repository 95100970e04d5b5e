/** Runs the real pipeline in this process against an emulated Duo with faults. The rows stay in memory. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import {
  Cause,
  Clock,
  ConfigProvider,
  Effect,
  Exit,
  FileSystem,
  Layer,
  Logger,
  Random,
  Runtime,
  type Scope,
  Stream
} from "effect"
import { TestClock } from "effect/testing"
import mfa from "../../../../pipelines/mfa.ts"
import type { Scenario } from "../../../../src/emulator/faults/Scenario.ts"
import { type Emulator, type Options, serve } from "../../../../src/emulator/server/Emulator.ts"
import type { ExpectedFailure } from "../../../../src/failure/ExpectedFailure.ts"
import type { Outcome } from "../../../../src/Outcome.ts"
import type { SourceServices } from "../../../../src/Pipeline.ts"
import * as Run from "../../../../src/run/Run.ts"
import type { Sink } from "../../../../src/Sink.ts"
import type { Row } from "../../../../src/Table.ts"
import { settings } from "../../../support/processes/program.ts"
import * as FastTime from "./FastTime.ts"

export interface Setup {
  readonly duo: Omit<Options, "scenario">
  readonly scenario?: Scenario
  readonly pageSize?: number
  readonly env?: Readonly<Record<string, string>>
  /** The seed of random choices. */
  readonly seed?: number
  /** A data directory, in which the run finds earlier runs. If not given, a new one. */
  readonly folder?: string
  readonly allowEmpty?: boolean
}

/** The rows of every table as sorted JSON, without the columns that differ in every run. */
export type Rows = Readonly<Record<string, ReadonlyArray<string>>>

/** The result of a run, for the checks. */
export interface Ended {
  readonly duo: Emulator
  readonly outcome: Outcome | undefined
  readonly error: ExpectedFailure | undefined
  /** The outcome, if the run worked. */
  readonly rows: Rows
  readonly log: string
  /** The duration of the run, by its clock. */
  readonly seconds: number
}

const lineOf = ({ observed_at, run_id, tenant, ...row }: Row) =>
  JSON.stringify(row, (_, cell: unknown) => typeof cell === "bigint" ? String(cell) : cell)

/** A sink that keeps the rows in memory. */
const memory = (kept: Record<string, ReadonlyArray<string>>): Sink => ({
  name: "memory",
  doc: "Keeps the rows in memory.",
  location: () => "/nowhere",
  open: () =>
    Effect.succeed({
      seal: ([outcome], rows) =>
        Effect.forEach(mfa.tables, (table) =>
          Effect.map(Stream.runCollect(Stream.scoped(rows.stream(table, outcome?.run_id ?? ""))), (chunks) => {
            kept[table.name] = chunks.flat().map(lineOf).sort()
          })).pipe(Effect.as({ bytes: 0, publication: null }))
    }),
  publish: () => Effect.void,
  discard: () => Effect.void
})

const isExpected = (error: unknown): error is ExpectedFailure =>
  error instanceof Error && Runtime.errorExitCode in error

const onTheWire = ({ requests }: Pick<Emulator, "requests">): FastTime.Server => ({
  received: () => requests.length,
  isSilent: () => requests.at(-1)?.faults.includes("silence") === true
})

/** An emulated Duo that shares its clock with its client. Needs a TestClock. */
export const serveIn = Effect.fnUntraced(function*({ duo: options, scenario = [] }: Pick<Setup, "duo" | "scenario">) {
  const time = yield* FastTime.make
  const duo = yield* serve({ people: "hostile", ...options, scenario }).pipe(
    Effect.provideService(Clock.Clock, time.server)
  )
  return { duo, time }
})

type World = Effect.Success<ReturnType<typeof serveIn>>

/** The emulated Duo and the clock. */
interface Asked {
  readonly duo: Pick<Emulator, "host" | "ikey" | "skey" | "requests">
  readonly time: FastTime.FastTime
}

/** Runs with the settings of this Duo. An expected failure is a result; only a defect fails. */
export const inWorld = Effect.fnUntraced(
  function*<A, E extends ExpectedFailure>(
    { duo, time }: Asked,
    { env, seed = 1 }: Pick<Setup, "env" | "seed">,
    effect: Effect.Effect<A, E, SourceServices | Scope.Scope>
  ) {
    const log: Array<string> = []
    const exit = yield* effect.pipe(
      Effect.scoped,
      Random.withSeed(seed),
      Effect.provideService(
        ConfigProvider.ConfigProvider,
        ConfigProvider.fromEnv({ env: { ...settings(duo), ...env } })
      ),
      Effect.provide(Logger.layer([Logger.make(({ message }) => void log.push(String(message)))])),
      Effect.exit,
      (run) => time.run(run, onTheWire(duo))
    )
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    if (error !== undefined && !isExpected(error)) return yield* Effect.die(error)
    return { value: Exit.isSuccess(exit) ? exit.value : undefined, error, log: log.join("\n") }
  }
)

/** One extraction. */
export const extractIn = Effect.fnUntraced(function*(world: World, setup: Omit<Setup, "duo" | "scenario">) {
  const { allowEmpty = false, pageSize } = setup
  const fs = yield* FileSystem.FileSystem
  const folder = setup.folder ?? (yield* fs.makeTempDirectoryScoped())
  const rows: Record<string, ReadonlyArray<string>> = {}
  const run = Run.run(mfa, {
    pageSize,
    concurrency: 1,
    toolVersion: "0.0.0",
    dataDirectory: folder,
    sinks: [{ sink: "memory", location: "/nowhere" }],
    findSink: () => Effect.succeed(memory(rows)),
    allowEmpty
  })
  const before = yield* Clock.currentTimeMillis
  const { error, log, value } = yield* inWorld(world, setup, run)
  const ended: Ended = {
    duo: world.duo,
    outcome: value?.outcome,
    error,
    rows: value === undefined ? {} : rows,
    log,
    seconds: ((yield* Clock.currentTimeMillis) - before) / 1000
  }
  return ended
})

/** The services for a run, and a clock that begins in 1970. */
export const alone = <A, E>(effect: Effect.Effect<A, E, SourceServices | Scope.Scope>) =>
  effect.pipe(Effect.scoped, Effect.provide(Layer.merge(TestClock.layer(), NodeServices.layer)))

/** Makes one extraction from a Duo of its own. */
export const extract = (setup: Setup) => alone(Effect.flatMap(serveIn(setup), (world) => extractIn(world, setup)))
