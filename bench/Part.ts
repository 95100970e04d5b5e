/**
 * Keeps each measured part of the bench in a file. The whole bench takes an hour, so parts can be measured one by one. A part
 * that is measured again replaces its file.
 */
import { Effect, FileSystem, Schema } from "effect"
import { availableParallelism, cpus, loadavg, platform, totalmem } from "node:os"
import { Row } from "./Table.ts"

export const Part = Schema.Struct({
  rows: Schema.Array(Row),
  /** Sentences such as the reason why something was not measured. */
  notes: Schema.Array(Schema.String),
  /** Tables in Markdown, by their headings. */
  besides: Schema.Array(Schema.Struct({ heading: Schema.String, text: Schema.String })),
  /** The day and the machine. */
  day: Schema.String,
  machine: Schema.String,
  /** The load average before the part began. */
  load: Schema.Finite
})
export type Part = typeof Part.Type

const machine = `${availableParallelism()} cores of ${cpus()[0]?.model ?? "an unknown processor"}, ${
  Math.round(totalmem() / 2 ** 30)
} GiB, ${platform()}, Node ${process.versions.node}`

/** Makes the part from its results. */
export type Begun = (given: Partial<Pick<Part, "rows" | "notes" | "besides">>) => Part

/** Begins a part now, on this machine. */
export const begin = (): Begun => {
  const where = { day: new Date().toISOString().slice(0, 10), machine, load: loadavg()[0] ?? 0 }
  return (told) => ({ rows: [], notes: [], besides: [], ...told, ...where })
}

const fileOf = (name: string) => `${import.meta.dirname}/results/${name}.json`

export const keep = Effect.fnUntraced(function*(name: string, part: Part) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(`${import.meta.dirname}/results`, { recursive: true })
  yield* fs.writeFileString(fileOf(name), `${JSON.stringify(yield* Schema.encodeEffect(Part)(part), null, 2)}\n`)
})

/** The parts that were kept, in order. */
export const kept = Effect.fnUntraced(function*(names: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const there = yield* Effect.filter(names, (name) => fs.exists(fileOf(name)))
  return yield* Effect.forEach(
    there,
    (name) =>
      Effect.flatMap(fs.readFileString(fileOf(name)), Schema.decodeEffect(Schema.fromJsonString(Part))).pipe(
        Effect.map((part) => ({ name, part }))
      )
  )
})
