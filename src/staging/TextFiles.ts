/** What the sinks of text have in common: a staged file a table, one write a batch and table. */
import { Effect, type FileSystem, Path } from "effect"
import { type Outcome } from "../Outcome.ts"
import { type Batch, type OpenSink, type SinkReason, type SinkRun, type SinkServices } from "../Sink.ts"
import { type Row, type Table } from "../Table.ts"
import * as Files from "./Files.ts"

export interface TextFormat {
  /** What a file starts with. */
  readonly header: (table: Table) => string
  /** Rows as text, the last line ended too. */
  readonly lines: (table: Table, rows: ReadonlyArray<Row>) => string
}

export interface Place {
  /** The sink and the location, for its errors. */
  readonly sink: string
  readonly location: string
  /** Where files are staged. */
  readonly root: string
  /** Where the file of a table will be. */
  readonly target: (table: Table) => string
  readonly seal: (moves: ReadonlyArray<Files.Move>) => Effect.Effect<Files.Sealed, SinkReason, SinkServices>
}

interface Staged {
  readonly table: Table
  readonly file: FileSystem.File
  readonly move: Files.Move
  rows: number
}

/** A batch's text is written in pieces of this many rows, so that a page of very long cells stays in bounds. */
const piece = 1000

/** Stages a run as files of text. */
export const open = Effect.fnUntraced(function*(run: SinkRun, format: TextFormat, place: Place) {
  const path = yield* Path.Path
  const encoder = new TextEncoder()
  const at = Files.at(place.sink, place.location)

  const append = (file: FileSystem.File, text: string) =>
    Effect.mapError(file.writeAll(encoder.encode(text)), Files.reasonOf)

  const stage = Effect.fnUntraced(function*(table: Table) {
    const from = path.join(place.root, Files.stagedName(table.name, run.run_id))
    const file = yield* Files.create(from)
    yield* append(file, format.header(table))
    const staged: Staged = { table, file, move: { from, to: place.target(table) }, rows: 0 }
    return staged
  })

  yield* at(Files.prepare(place.root, run.tables.map(place.target)))
  const staged = yield* at(Effect.forEach(run.tables, stage))

  const write = Effect.fnUntraced(function*(batch: Batch) {
    for (const into of staged) {
      const rows = batch[into.table.name] ?? []
      for (let start = 0; start < rows.length; start += piece) {
        const some = rows.slice(start, start + piece)
        yield* append(into.file, format.lines(into.table, some))
        into.rows += some.length
      }
    }
  }, at)

  const seal = Effect.fn(`${place.sink}.seal`)(function*(outcome: Outcome) {
    const isCollected = ({ table }: Staged) => outcome.tables_collected.includes(table.name)
    const collected = staged.filter(isCollected)
    yield* Files.remove(staged.filter((file) => !isCollected(file)).map(({ move }) => move.from))
    const sealed = yield* place.seal(collected.map(({ move }) => move))
    return { rows: Object.fromEntries(collected.map(({ rows, table }) => [table.name, rows])), ...sealed }
  }, at)

  return { write, seal } satisfies OpenSink
})
