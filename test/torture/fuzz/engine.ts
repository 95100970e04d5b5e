/** Runs the engine with a source of two tables and the real sinks, and checks how the run ends. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Exit, FileSystem, References, Runtime, type Scope } from "effect"
import * as assert from "node:assert"
import duckdb from "../../../sinks/duckdb.ts"
import ndjson from "../../../sinks/ndjson.ts"
import { CannotCreate, SinkError } from "../../../src/failure/SinkError.ts"
import * as Run from "../../../src/run/Run.ts"
import type { Sink } from "../../../src/Sink.ts"
import { plain, rowsOf, runOf, tables } from "../../laws/rows.ts"
import * as RowPipeline from "../../support/row-pipeline.ts"

const rows = { things: rowsOf(runOf(1), [plain, { ...plain, name: "two" }]), others: rowsOf(runOf(1), [plain]) }

const pipeline = RowPipeline.make({
  name: "test",
  tables,
  rows: (stamp) => [
    Object.fromEntries(Object.entries(rows).map(([name, some]) => [name, some.map((row) => ({ ...row, ...stamp }))]))
  ]
})

const sinks: Readonly<Record<string, Sink>> = { duckdb, ndjson }

/** One run into one sink, in a data directory. */
export const run = (dataDirectory: string, sink: "duckdb" | "ndjson", location: string) =>
  Run.run(pipeline, {
    dataDirectory,
    sinks: [{ sink, location }],
    findSink: (name) =>
      Effect.suspend(() => {
        const found = Object.hasOwn(sinks, name) ? sinks[name] : undefined
        const unknown = new SinkError({
          sink: name,
          location: "",
          reason: new CannotCreate({ detail: "no such sink" })
        })
        return found === undefined ? Effect.fail(unknown) : Effect.succeed(found)
      }),
    toolVersion: "0",
    pageSize: undefined,
    concurrency: 1,
    allowEmpty: false
  }).pipe(Effect.provideService(References.MinimumLogLevel, "None"))

/** The exit code of a run: 0 if it worked, otherwise that of its expected failure. A defect is thrown. */
export const codeOf = (exit: Exit.Exit<unknown, unknown>, allowed: ReadonlyArray<number>): number => {
  if (Exit.isSuccess(exit)) return 0
  assert.ok(!Cause.hasDies(exit.cause), Cause.pretty(exit.cause))
  const error = Cause.squash(exit.cause)
  const code = error instanceof Error ? Runtime.getErrorExitCode(error) : undefined
  assert.ok(code !== undefined && allowed.includes(code), `it ended with ${code}: ${String(error)}`)
  return code
}

/** Makes a folder for the case. */
export const inFolder = <A, E>(
  use: (folder: string) => Effect.Effect<A, E, FileSystem.FileSystem | NodeServices.NodeServices | Scope.Scope>
) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "duo-mfa-fuzz-" })).pipe(
    Effect.flatMap(use),
    Effect.scoped,
    Effect.provide(NodeServices.layer)
  )
