/** Rows staged as text: a file a table, one write a batch and table, nothing kept in memory. */
import { Effect, type FileSystem, Path } from "effect"
import type { Outcome } from "../Outcome.ts"
import type { Batch, OpenSink, SinkReason, SinkRun, SinkServices, Text } from "../Sink.ts"
import type { Row, Table } from "../Table.ts"
import * as Files from "./Files.ts"

export interface TextFormat {
  /** The name that a table's file is staged under. */
  readonly name: (table: Table) => string
  /** What a file starts with. */
  readonly header: (table: Table) => Uint8Array
  /** Rows as text in UTF-8, given what they are as newline-delimited JSON. */
  readonly rows: (table: Table) => (rows: ReadonlyArray<Row>, ndjson: Uint8Array) => Uint8Array
}

/** A staged file of a table. */
export interface Staged {
  readonly table: Table
  readonly path: string
  readonly rows: number
}

/** Rows by table, as `Sealed` says it. */
export const rowsByTable = (staged: ReadonlyArray<Staged>) =>
  Object.fromEntries(staged.map(({ rows, table }) => [table.name, rows]))

const nothing = new Uint8Array()

/** Makes a file a table, in the order of the tables. */
export const open = Effect.fnUntraced(function*(run: SinkRun, root: string, format: TextFormat) {
  const join = (yield* Path.Path).join

  const append = (file: FileSystem.File, text: Uint8Array) =>
    text.length === 0 ? Effect.void : Effect.mapError(file.writeAll(text), Files.reasonOf)

  const files = yield* Effect.forEach(run.tables, (table) => {
    const path = join(root, Files.stagedName(format.name(table), run.run_id))
    return Effect.tap(
      Effect.map(Files.create(path), (file) => ({ table, path, file, encode: format.rows(table), rows: 0 })),
      ({ file }) => append(file, format.header(table))
    )
  })

  const write = Effect.fnUntraced(function*(batch: Batch, text: Text) {
    for (const into of files) {
      const rows = batch[into.table.name] ?? []
      yield* append(into.file, into.encode(rows, text[into.table.name] ?? nothing))
      into.rows += rows.length
    }
  })

  /** The files of the tables that were collected; the others are removed. */
  const finish = Effect.fnUntraced(function*(outcome: Outcome) {
    const isCollected = ({ table }: Staged) => outcome.tables_collected.includes(table.name)
    yield* Files.remove(files.filter((file) => !isCollected(file)).map(({ path }) => path))
    return files.filter(isCollected).map(({ path, rows, table }): Staged => ({ path, rows, table }))
  })

  return { write, finish }
})

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

/** A sink whose files are published as they were staged. */
export const openSink = Effect.fnUntraced(function*(run: SinkRun, format: TextFormat, place: Place) {
  const at = Files.at(place.sink, place.location)
  yield* at(Files.prepare(place.root, run.tables.map(place.target)))
  const { finish, write } = yield* at(open(run, place.root, format))

  const seal = Effect.fnUntraced(function*(outcome: Outcome) {
    const staged = yield* finish(outcome)
    const sealed = yield* place.seal(staged.map(({ path, table }) => ({ from: path, to: place.target(table) })))
    return { rows: rowsByTable(staged), ...sealed }
  }, at)

  return { write: (batch: Batch, text: Text) => at(write(batch, text)), seal } satisfies OpenSink
})
