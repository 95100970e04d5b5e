/**
 * A site for faults: an emulated tenant, a folder, and functions that run the program there, check its files and
 * recover.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Layer, Logger } from "effect"
import { execFileSync } from "node:child_process"
import { mkdirSync, rmSync } from "node:fs"
import mfa from "../../../pipelines/mfa.ts"
import csv from "../../../sinks/csv.ts"
import duckdb from "../../../sinks/duckdb.ts"
import ndjson from "../../../sinks/ndjson.ts"
import parquet from "../../../sinks/parquet.ts"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import type { FindSink } from "../../../src/run/publish/Recovery.ts"
import * as Run from "../../../src/run/Run.ts"
import type { Sink } from "../../../src/Sink.ts"
import { bundle } from "../../support/processes/bundle.ts"
import { contents, settings, start } from "../../support/processes/program.ts"
import { type Aftermath, afterwards } from "./afterwards.ts"
import { everySink, run as inThisProcess } from "./InProcess.ts"

export const sinks: ReadonlyArray<Sink> = [duckdb, parquet, ndjson, csv]

/** The arguments of a run that reads two pages and writes to some sinks. */
export const extracting = (names: ReadonlyArray<string>, users: number): ReadonlyArray<string> => [
  "extract",
  "--page-size",
  String(Math.ceil(users / 2) + 1),
  ...names.flatMap((name) => ["--sink", name])
]

export const findSink: FindSink = (name) => {
  const found = sinks.find((sink) => sink.name === name)
  return found === undefined ? Effect.die(`no sink ${name}`) : Effect.succeed(found)
}

/**
 * Recovers in this process as a run does at its start: it publishes or discards unfinished runs. It sends no request.
 */
export const recover = (dataDirectory: string, find: FindSink = findSink) =>
  Run.checkSinks(mfa, { dataDirectory, findSink: find, sinks: [], tenant: "127.0.0.1" }).pipe(
    Effect.provide(Layer.merge(NodeServices.layer, Logger.layer([])))
  )

/** A copy of a data directory. */
export interface Copy {
  readonly back: Effect.Effect<void>
}

/** Copies with permissions and times. */
const copy = (from: string, to: string) => execFileSync("cp", ["-a", from, to])

const preload = ["--import", `${import.meta.dirname}/../kills/preload.ts`]

export const users = 60

/** Makes a site. The scope removes its folder and its tenant. */
export const make = Effect.fnUntraced(function*(options: Options = {}, folder?: string) {
  const { compiled, entry } = yield* bundle
  const duo = yield* serve({ people: "hostile", users, ...options })
  const fs = yield* FileSystem.FileSystem
  const at = folder ?? (yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-torture-" }))
  let before: Aftermath["before"] = contents(at)

  const begin = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
    start(
      at,
      args,
      { NODE_COMPILE_CACHE: compiled, ...settings(duo), ...env },
      [
        "--disable-warning=ExperimentalWarning",
        ...Object.keys(env).some((name) => name.startsWith("TORTURE"))
          ? preload
          : [],
        entry
      ]
    )
  const run = (...given: Parameters<typeof begin>) => Effect.promise(() => begin(...given).ended)

  /** Compares the files with those of the last good state. */
  const look = (given: Omit<Aftermath, "folder" | "before" | "keys">) =>
    afterwards({ folder: at, before, keys: duo, ...given })

  /** Compares, and makes the current files the last good state. */
  const settle = (given: Omit<Aftermath, "folder" | "before" | "keys" | "recovered">) =>
    Effect.andThen(
      look({ ...given, recovered: true }),
      Effect.sync(() => {
        before = contents(at)
      })
    )

  /** Whether an output differs from the last good state. */
  const isChanged = () => Object.entries(contents(at)).some(([file, hash]) => hash !== before[file])

  /** Copies the data. `back` restores the copy and its last good state. */
  const copied = Effect.gen(function*() {
    const to = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-torture-" })
    mkdirSync(`${at}/data`, { recursive: true, mode: 0o700 })
    copy(`${at}/data`, to)
    const well = before
    const back = Effect.sync(() => {
      rmSync(`${at}/data`, { recursive: true, force: true })
      copy(`${to}/data`, at)
      before = well
    })
    return { back }
  })

  let kept: Copy = { back: Effect.void }

  /** Stores the current files, for `reset`. */
  const keep = Effect.map(copied, (copy) => {
    kept = copy
  })
  const reset = Effect.suspend(() => kept.back)

  /** Makes a run without faults in this process, which is faster. */
  const good = Effect.fnUntraced(function*(names: ReadonlyArray<string>) {
    const targets = everySink(`${at}/data`).filter(({ sink }) => names.includes(sink))
    const { code, message } = yield* inThisProcess(duo, `${at}/data`, targets)
    assert.strictEqual(code, 0, message)
    yield* settle({})
  })

  /** Makes a run without faults in a process of its own, and measures its milliseconds. */
  const life = Effect.fnUntraced(function*(names: ReadonlyArray<string>) {
    const began = performance.now()
    const ended = yield* run(extracting(names, users))
    const milliseconds = performance.now() - began
    assert.strictEqual(ended.code, 0, ended.stderr)
    yield* settle({ ended })
    return milliseconds
  })

  return {
    folder: at,
    data: `${at}/data`,
    duo,
    begin,
    run,
    look,
    settle,
    good,
    life,
    copied,
    keep,
    reset,
    isChanged,
    recover: recover(`${at}/data`)
  }
})
export type Site = Effect.Success<ReturnType<typeof make>>
