/** Runs in this process that are recorded or replayed. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import mfa from "../../../pipelines/mfa.ts"
import csv from "../../../sinks/csv.ts"
import duckdb from "../../../sinks/duckdb.ts"
import ndjson from "../../../sinks/ndjson.ts"
import parquet from "../../../sinks/parquet.ts"
import { Recording } from "../../../src/duo/record/Recording.ts"
import type { SourceOptions } from "../../../src/Pipeline.ts"
import * as Run from "../../../src/run/Run.ts"
import type { Sink } from "../../../src/Sink.ts"

const sinks: Readonly<Record<string, Sink>> = { duckdb, parquet, ndjson, csv }

/** Makes a run with every sink. */
export const run = (
  folder: string,
  recording: Recording,
  env: Readonly<Record<string, string>>,
  options: SourceOptions = { pageSize: undefined, concurrency: 1 }
) => {
  const logged: Array<string> = []
  const logger = Logger.make<unknown, void>(({ message }) => {
    logged.push(String(message))
  })
  const dataDirectory = `${folder}/data`
  return Run.run(mfa, {
    ...options,
    toolVersion: "test",
    dataDirectory,
    sinks: Object.entries(sinks).map(([sink, { location }]) => ({ sink, location: location(dataDirectory) })),
    allowEmpty: false,
    findSink: (name) => Effect.fromNullishOr(sinks[name]).pipe(Effect.orDie)
  }).pipe(
    Effect.map((result) => ({ result, logged: logged.sort() })),
    Effect.provideService(Recording, recording),
    Effect.provide(Layer.mergeAll(
      NodeServices.layer,
      ConfigProvider.layer(ConfigProvider.fromEnv({ env })),
      Logger.layer([logger])
    ))
  )
}
