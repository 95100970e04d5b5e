/** Where programs are hurt: an emulated tenant, a folder, and the program; and how what is left is looked at and healed. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Layer, Logger } from "effect"
import { execFileSync } from "node:child_process"
import { mkdirSync, rmSync } from "node:fs"
import mfa from "../../pipelines/mfa.ts"
import csv from "../../sinks/csv.ts"
import duckdb from "../../sinks/duckdb.ts"
import ndjson from "../../sinks/ndjson.ts"
import parquet from "../../sinks/parquet.ts"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import type { FindSink } from "../../src/run/publish/Recovery.ts"
import * as Run from "../../src/run/Run.ts"
import type { Sink } from "../../src/Sink.ts"
import { bundle } from "../support/bundle.ts"
import { contents, settings, start } from "../support/program.ts"
import { type Aftermath, afterwards } from "./afterwards.ts"
import { everySink, run as inThisProcess } from "./InProcess.ts"

export const sinks: ReadonlyArray<Sink> = [duckdb, parquet, ndjson, csv]

/** The arguments of a run of two pages into some sinks. */
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

/** Starts in this process as the program would, which finishes or discards what it finds, and asks for nothing. */
export const recover = (dataDirectory: string, find: FindSink = findSink) =>
  Run.checkSinks(mfa, { dataDirectory, findSink: find, sinks: [], tenant: "127.0.0.1" }).pipe(
    Effect.provide(Layer.merge(NodeServices.layer, Logger.layer([])))
  )

/** A copy of a data directory. */
export interface Copy {
  readonly back: Effect.Effect<void>
}

/** With rights and times. */
const copy = (from: string, to: string) => execFileSync("cp", ["-a", from, to])

const preload = ["--import", `${import.meta.dirname}/preload.ts`]

export const users = 60

/** A site whose folder and tenant go with the scope. */
export const make = Effect.fnUntraced(function*(options: Options = {}, folder?: string) {
  const { compiled, entry } = yield* bundle
  const duo = yield* serve({ users, ...options })
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

  /** Holds what there is against what there was when all was well. */
  const look = (given: Omit<Aftermath, "folder" | "before" | "keys">) =>
    afterwards({ folder: at, before, keys: duo, ...given })

  /** Looks, and takes what there is for what is well. */
  const settle = (given: Omit<Aftermath, "folder" | "before" | "keys" | "recovered">) =>
    Effect.andThen(
      look({ ...given, recovered: true }),
      Effect.sync(() => {
        before = contents(at)
      })
    )

  /** Whether any output changed since all was well. */
  const isChanged = () => Object.entries(contents(at)).some(([file, hash]) => hash !== before[file])

  /** Copies the data; `back` puts it back where it was, with what was well then. */
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

  /** Keeps what there is, for `reset`. */
  const keep = Effect.map(copied, (copy) => {
    kept = copy
  })
  const reset = Effect.suspend(() => kept.back)

  /** A run that nothing happens to, in this process, which takes less time. */
  const good = Effect.fnUntraced(function*(names: ReadonlyArray<string>) {
    const targets = everySink(`${at}/data`).filter(({ sink }) => names.includes(sink))
    const { code, message } = yield* inThisProcess(duo, `${at}/data`, targets)
    assert.strictEqual(code, 0, message)
    yield* settle({})
  })

  /** A process that nothing happens to, and how many milliseconds it lives. */
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
