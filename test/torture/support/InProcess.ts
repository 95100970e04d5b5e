/** Runs the real pipeline into the real sinks in this process, which is fast enough for long tables of faults. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import {
  Cause,
  ConfigProvider,
  Effect,
  Exit,
  FileSystem,
  Layer,
  Logger,
  type Path,
  Predicate,
  Runtime,
  type Scope
} from "effect"
import { createHash } from "node:crypto"
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { join, relative } from "node:path"
import mfa from "../../../pipelines/mfa.ts"
import { users } from "../../../pipelines/mfa/Tables.ts"
import csv from "../../../sinks/csv.ts"
import duckdb from "../../../sinks/duckdb.ts"
import ndjson from "../../../sinks/ndjson.ts"
import parquet from "../../../sinks/parquet.ts"
import type { Emulator } from "../../../src/emulator/server/Emulator.ts"
import { type Outcome, stampOf } from "../../../src/Outcome.ts"
import type { Pipeline } from "../../../src/Pipeline.ts"
import type { Target } from "../../../src/run/publish/ManifestFile.ts"
import * as Run from "../../../src/run/Run.ts"
import { settings } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"

/** The services that a run and a check of its outputs need. */
export type Services = FileSystem.FileSystem | Path.Path

export const sinks = { duckdb, parquet, ndjson, csv }
type SinkName = keyof typeof sinks
export const sinkNames: ReadonlyArray<SinkName> = ["duckdb", "parquet", "ndjson", "csv"]

/** Readers of the sinks' outputs, which share no code with the sinks. */
export const readerOf = (sink: string) => {
  const { csv, duckdb, ndjson, parquet } = readers
  return { csv, duckdb, ndjson, parquet }[sinkNames.find((name) => name === sink) ?? "ndjson"]
}

/** All four sinks under a data directory. */
export const everySink = (dataDirectory: string): ReadonlyArray<Target> =>
  sinkNames.map((sink) => ({ sink, location: sinks[sink].location(dataDirectory) }))

/** The result of a run: its exit code and, if it failed, its message. */
export interface Ran {
  readonly code: number
  readonly message: string
  readonly outcome: Outcome | undefined
}

const codeOf = (error: unknown) =>
  Predicate.hasProperty(error, Runtime.errorExitCode) ? Number(error[Runtime.errorExitCode]) : 70

/** Makes one run. A defect has the code 70, as in a process. */
export const run = (
  duo: Pick<Emulator, "host" | "ikey" | "skey">,
  dataDirectory: string,
  targets: ReadonlyArray<Target> = everySink(dataDirectory),
  pipeline: Pipeline = mfa,
  options: Partial<Run.RunOptions> = {}
): Effect.Effect<Ran, never, Services> =>
  Run.run(pipeline, {
    dataDirectory,
    toolVersion: "0.0.0",
    sinks: targets,
    findSink: (name) => {
      const found = sinkNames.find((sink) => sink === name)
      return found === undefined ? Effect.die(`no sink ${name}`) : Effect.succeed(sinks[found])
    },
    allowEmpty: false,
    pageSize: undefined,
    concurrency: 1,
    ...options
  }).pipe(
    Effect.provide(
      Layer.merge(ConfigProvider.layer(ConfigProvider.fromEnv({ env: settings(duo) })), Logger.layer([]))
    ),
    Effect.exit,
    Effect.map((exit): Ran => {
      if (Exit.isSuccess(exit)) return { code: 0, message: "", outcome: exit.value.outcome }
      const error = Cause.squash(exit.cause)
      const message = error instanceof Error ? error.message : String(error)
      return {
        code: codeOf(error),
        message: codeOf(error) === 70 ? Cause.pretty(exit.cause) : message,
        outcome: undefined
      }
    })
  )

/** Makes a folder for the case. */
export const inFolder = <A, E>(use: (folder: string) => Effect.Effect<A, E, Scope.Scope | Services>) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "duo-mfa-torture-" })).pipe(
    Effect.flatMap(use),
    Effect.scoped,
    Effect.provide(NodeServices.layer)
  )

/** The paths of all files, folders and links below a folder. `readdirSync` alone would follow links, and one can go in a circle. */
const pathsBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return [path, ...entry.isDirectory() ? pathsBelow(path) : []]
  })

/**
 * All files below a folder with a hash of their contents, and all links with their targets. Lock files are left out.
 */
export const tree = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    pathsBelow(folder).filter((path) => !path.endsWith(".lock")).sort().flatMap((path) => {
      const info = lstatSync(path)
      return info.isSymbolicLink()
        ? [[relative(folder, path), `-> ${readlinkSync(path)}`]]
        : info.isFile()
        ? [[relative(folder, path), createHash("sha256").update(readFileSync(path)).digest("hex")]]
        : []
    })
  )

/** The users that a run published at a target, read without the sinks' code. */
export const published = Effect.fnUntraced(function*({ location, sink }: Target, outcome: Outcome) {
  const rows = yield* Effect.scoped(readerOf(sink)(location, stampOf(outcome), users))
  return rows.map(({ user_id }) => String(user_id)).sort()
})
