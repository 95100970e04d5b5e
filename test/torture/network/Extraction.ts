/** One run of the real pipeline against an emulated Duo that breaks, in process, keeping its rows in memory. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Clock, ConfigProvider, Effect, Exit, Layer, Logger, Random, Runtime, Stream } from "effect"
import { TestClock } from "effect/testing"
import mfa from "../../../pipelines/mfa.ts"
import { type Emulator, type Options, serve } from "../../../src/emulator/Emulator.ts"
import type { Scenario } from "../../../src/emulator/Scenario.ts"
import type { Expected } from "../../../src/Expected.ts"
import type { Outcome } from "../../../src/Outcome.ts"
import type { Pipeline } from "../../../src/Pipeline.ts"
import * as Run from "../../../src/Run.ts"
import type { Batch } from "../../../src/Sink.ts"
import type { Row } from "../../../src/Table.ts"
import { settings } from "../../program.ts"
import * as FastTime from "./FastTime.ts"

export interface Setup {
  readonly duo: Omit<Options, "scenario">
  readonly scenario?: Scenario
  readonly pageSize?: number
  readonly env?: Readonly<Record<string, string>>
  /** Decides what is left to chance. */
  readonly seed?: number
  /** A data directory, for what a run knows of the one before; a dry run if not said. */
  readonly folder?: string
  readonly allowEmpty?: boolean
}

/** The rows of every table as JSON, sorted, without what differs from run to run. */
export type Rows = Readonly<Record<string, ReadonlyArray<string>>>

/** What there is to look at afterwards. */
export interface Ended {
  readonly duo: Emulator
  readonly outcome: Outcome | undefined
  readonly error: Expected | undefined
  /** Of a run that went through. */
  readonly rows: Rows
  readonly log: string
  /** How long it took, by the clock. */
  readonly seconds: number
}

/** The pipeline, showing what goes by. */
const watched = (see: (batch: Batch) => void): Pipeline => ({
  ...mfa,
  connect: Effect.map(mfa.connect, (source) => ({
    ...source,
    extract: (stamp, options) => {
      const { batches, facts } = source.extract(stamp, options)
      return { batches: Stream.tap(batches, (batch) => Effect.sync(() => see(batch))), facts }
    }
  }))
})

const lineOf = ({ observed_at, run_id, tenant, ...row }: Row) =>
  JSON.stringify(row, (_, cell: unknown) => typeof cell === "bigint" ? String(cell) : cell)

const rowsOf = (batches: ReadonlyArray<Batch>): Rows =>
  Object.fromEntries(
    mfa.tables.map(({ name }) => [name, batches.flatMap((batch) => batch[name] ?? []).map(lineOf).sort()])
  )

const isExpected = (error: unknown): error is Expected => error instanceof Error && Runtime.errorExitCode in error

const onTheWire = ({ requests }: Emulator): FastTime.Server => ({
  received: () => requests.length,
  isSilent: () => requests.at(-1)?.faults.includes("silence") === true
})

/** Runs to the end, whatever that is; only a defect fails. */
export const extract = (setup: Setup) =>
  Effect.gen(function*() {
    const time = yield* FastTime.make
    const duo = yield* serve({ ...setup.duo, scenario: setup.scenario ?? [] }).pipe(
      Effect.provideService(Clock.Clock, time.server)
    )
    const seen: Array<Batch> = []
    const log: Array<string> = []
    const pipeline = watched((batch) => seen.push(batch))
    const { allowEmpty = false, env, folder, pageSize, seed = 1 } = setup
    const options = { pageSize, concurrency: 1, toolVersion: "0.0.0" }
    const run = (folder === undefined
      ? Run.dryRun(pipeline, options)
      : Run.run(pipeline, { ...options, dataDirectory: folder, sinks: [], findSink: () => Effect.never, allowEmpty }))
      .pipe(
        Random.withSeed(seed),
        Effect.provideService(
          ConfigProvider.ConfigProvider,
          ConfigProvider.fromEnv({ env: { ...settings(duo), ...env } })
        ),
        Effect.provide(Logger.layer([Logger.make(({ message }) => void log.push(String(message)))]))
      )
    const exit = yield* time.run(Effect.exit(run), onTheWire(duo))
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    if (error !== undefined && !isExpected(error)) return yield* Effect.die(error)
    const ended: Ended = {
      duo,
      outcome: Exit.isSuccess(exit) ? exit.value.outcome : undefined,
      error,
      rows: rowsOf(Exit.isSuccess(exit) ? seen : []),
      log: log.join("\n"),
      seconds: (yield* Clock.currentTimeMillis) / 1000
    }
    return ended
  }).pipe(Effect.scoped, Effect.provide(Layer.merge(TestClock.layer(), NodeServices.layer)))
