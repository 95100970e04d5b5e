/** D7: calls to real sinks fail at random. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Layer, Logger } from "effect"
import { rmSync } from "node:fs"
import { Dice, type NonEmpty } from "../../../src/emulator/people/Dice.ts"
import { DiskFull, InputOutput, InUse, SinkError, type SinkFailure } from "../../../src/failure/SinkError.ts"
import * as Run from "../../../src/run/Run.ts"
import { RunError } from "../../../src/run/RunError.ts"
import type { Sink } from "../../../src/Sink.ts"
import * as Table from "../../../src/Table.ts"
import { contents } from "../../support/processes/program.ts"
import * as RowPipeline from "../../support/row-pipeline.ts"
import { type Case, repeat } from "../Case.ts"
import { afterwards } from "../support/afterwards.ts"
import * as Site from "../support/Site.ts"

const people = Table.make({
  name: "people",
  doc: "Somebody.",
  key: ["user_id"],
  columns: { ...Table.common, user_id: Table.id("Who."), note: Table.text("What of it.") }
})

/** Three pages of three people. */
const pipeline = RowPipeline.make({
  name: "people",
  tables: [people],
  rows: (stamp) =>
    [0, 1, 2].map((page) => ({
      people: [0, 1, 2].map((user) => ({ ...stamp, user_id: `${page}${user}`, note: "x".repeat(1 + page * 40) }))
    }))
})

const quick = ["ndjson", "csv"]

/** Combinations of sinks, most of them fast. */
const combinations: NonEmpty<ReadonlyArray<string>> = [
  ["duckdb", "parquet", "ndjson", "csv"],
  ...Array.from({ length: 11 }, () => quick)
]

/** The percentage of calls that fail. */
const percent = 15

/** The failures that real sinks have. */
const reasons = [new DiskFull(), new InputOutput({ detail: "it broke" }), new InUse({ pid: 1 })] as const

/** Makes a call fail at random, before it does its work or after it. */
const chaotic = (dice: Dice, reached: Record<string, number>) => (sink: Sink): Sink => {
  const fails = (verb: string) =>
    Effect.suspend(() => {
      if (!dice.chance(percent / 2)) return Effect.void
      reached[verb] = (reached[verb] ?? 0) + 1
      return Effect.fail(
        new SinkError({ sink: sink.name, location: "chaos", reason: reasons[dice.below(reasons.length)] ?? reasons[0] })
      )
    })
  const around = <A, R>(verb: string, call: Effect.Effect<A, SinkFailure, R>) =>
    fails(verb).pipe(Effect.andThen(call), Effect.tap(() => fails(verb)))
  return {
    ...sink,
    open: (...given) =>
      Effect.map(sink.open(...given), ({ seal }) => ({
        seal: (round, rows) => around("seal", seal(round, rows))
      })),
    publish: (publication, run_id, location) => around("publish", sink.publish(publication, run_id, location)),
    discard: (location, run_id) => around("discard", sink.discard(location, run_id))
  }
}

const options = (folder: string, names: ReadonlyArray<string>, change: (sink: Sink) => Sink): Run.RunOptions => {
  const dataDirectory = `${folder}/data`
  const changed = Site.sinks.map(change)
  return {
    dataDirectory,
    sinks: Site.sinks.filter(({ name }) => names.includes(name))
      .map(({ location, name }) => ({ sink: name, location: location(dataDirectory) })),
    findSink: (name) => Effect.fromNullishOr(changed.find((sink) => sink.name === name)).pipe(Effect.orDie),
    toolVersion: "0",
    pageSize: undefined,
    concurrency: 1,
    allowEmpty: false
  }
}

const keys = { ikey: "DI000000000000000000", skey: "CANARYcanaryCANARYcanaryCANARYcanary1234" }

/** Makes one run with failures. If it was sealed, and sometimes otherwise, a start without failures follows. */
const once = (folder: string) => (seed: number) =>
  Effect.gen(function*() {
    const dice = new Dice(seed)
    const names = dice.pick(combinations)
    const reached: Record<string, number> = {}
    // begin again, because checking a folder of many runs takes longer than making one
    if (seed % 20 === 0) rmSync(`${folder}/data`, { recursive: true, force: true })
    const before = contents(folder)
    const look = (recovered: boolean) => afterwards({ folder, before, recovered, keys, tables: [people] })
    const plain = options(folder, names, (sink) => sink)
    const error = yield* Run.run(pipeline, options(folder, names, chaotic(dice, reached))).pipe(
      Effect.as(undefined),
      Effect.catch((error) => Effect.succeed(error))
    )
    const isUnpublished = error instanceof RunError && error.reason._tag === "Unpublished"
    if (error !== undefined) assert(isUnpublished || (error instanceof SinkError && error.location === "chaos"))
    yield* look(false)
    const sealed = Object.keys(contents(folder)).filter((file) => file.endsWith(".sealed"))
    assert.strictEqual(sealed.length, isUnpublished ? 1 : 0)
    if (isUnpublished || dice.chance(10)) {
      yield* dice.chance(50) ? Run.run(pipeline, plain) : Site.recover(plain.dataDirectory)
      yield* look(true)
    }
    for (const file of sealed) assert.property(contents(folder), file.replace(/\.sealed$/, ""))
    return { ...reached, [isUnpublished ? "rolled forward" : error === undefined ? "succeeded" : "discarded"]: 1 }
  }).pipe(Effect.provide(Layer.merge(NodeServices.layer, Logger.layer([]))))

export const cases: ReadonlyArray<Case> = [{
  id: "D7",
  fault: `${percent} % of the calls to sinks fail at random, before or after they did their work`,
  expected: "a run is published whole or not at all; the next start publishes a sealed run",
  n: { test: 10, torture: 5000 },
  // with these seeds, each of the sinks' functions fails once
  seed: 11,
  run: (plan) =>
    Effect.gen(function*() {
      yield* Effect.acquireRelease(
        Effect.sync(() => process.umask(0o077)),
        (before) => Effect.sync(() => process.umask(before))
      )
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped({ prefix: "duo-mfa-torture-" })
      return yield* repeat(plan, once(folder))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
}]
