/** A pipeline of people and a sink that records its calls, for tests of what a run does with both. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { InputOutput, SinkError, type SinkFailure } from "../../src/failure/SinkError.ts"
import type { Pipeline } from "../../src/Pipeline.ts"
import type * as Run from "../../src/run/Run.ts"
import type { Sink } from "../../src/Sink.ts"
import * as Table from "../../src/Table.ts"
import * as RowPipeline from "../support/row-pipeline.ts"

/** The table of the pipeline. */
export const people = Table.make({
  name: "people",
  doc: "Somebody.",
  key: ["user_id"],
  columns: { ...Table.common, user_id: Table.id("Who.") }
})

/** The failure of a sink that is broken. */
export const failure = new SinkError({
  sink: "broken",
  location: "/nowhere",
  reason: new InputOutput({ detail: "it broke" })
})

/** A pipeline with two pages of two people, or one page of `count`. An effect after them can be given. */
export const pipeline = (
  { people: count, ...options }: Pick<RowPipeline.Options, "after" | "more" | "read"> & { readonly people?: number } =
    {}
): Pipeline =>
  RowPipeline.make({
    name: "people",
    tables: [people],
    rows: (stamp) =>
      (count === undefined ? [["a", "b"], ["c", "d"]] : [Array.from({ length: count }, String)])
        .map((page) => ({ people: page.map((user_id) => ({ ...stamp, user_id })) })),
    ...options
  })

type Verb = "open" | "seal" | "publish"

/** A sink that records its calls, and fails where a test says so. */
export const spy = (
  name: string,
  log: Array<string>,
  fails: Partial<Record<Verb, Effect.Effect<never, SinkFailure>>> = {}
) => {
  const verb = (what: Verb) =>
    Effect.suspend(() => {
      log.push(`${name} ${what}`)
      return fails[what] ?? Effect.void
    })
  const sink: Sink = {
    name,
    doc: "Writes down what is asked of it.",
    location: () => "/nowhere",
    open: () =>
      Effect.as(Effect.acquireRelease(verb("open"), () => Effect.sync(() => log.push(`${name} close`))), {
        seal: () => Effect.as(verb("seal"), { bytes: 1, publication: { by: name } })
      }),
    publish: (publication) =>
      Effect.andThen(verb("publish"), Effect.sync(() => assert.deepStrictEqual(publication, { by: name }))),
    discard: () => Effect.sync(() => void log.push(`${name} discard`)),
    read: () => Effect.undefined
  }
  return sink
}

/** The options of a run that writes to these sinks. */
export const options = (dataDirectory: string, sinks: ReadonlyArray<Sink>): Run.RunOptions => ({
  dataDirectory,
  sinks: sinks.map(({ name }) => ({ sink: name, location: `/nowhere/${name}` })),
  findSink: (name) => {
    const found = sinks.find((sink) => sink.name === name)
    return found === undefined ? Effect.die(`no sink ${name}`) : Effect.succeed(found)
  },
  toolVersion: "0",
  pageSize: undefined,
  concurrency: 1,
  allowEmpty: false
})

/** Makes a data directory for a test. */
export const inTemporary = <A, E, R>(test: (directory: string) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped()).pipe(
    Effect.flatMap(test),
    Effect.provide(NodeServices.layer)
  )
