/** How a test reads what a sink published: its rows, and its files. */
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Path, type Scope, Stream } from "effect"
import * as RowsSql from "../../src/duckdb/RowsSql.ts"
import { withLocation } from "../../src/run/publish/SinkLocation.ts"
import type { PublishedRun, Sink, SinkRun, SinkServices } from "../../src/Sink.ts"
import type { Row, Stamp, Table } from "../../src/Table.ts"

/**
 * Reads the published rows of a run in one table, as another program would. If there are none, the list is empty.
 * `round` is the newest run of its round, if it was published with others: it names the files, which may also have the
 * rows of the others.
 */
export type Reader = (
  location: string,
  run: Stamp & Partial<Pick<PublishedRun, "round">>,
  table: Table
) => Effect.Effect<ReadonlyArray<Row>, unknown, SinkServices | Scope.Scope>

/** Files and directories by name. Only files have content. */
export type Tree = Readonly<Record<string, { readonly mode: number; readonly content: string | undefined }>>

/** All files below a directory with their contents, and all directories. Lock files have no content here. */
export const tree = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const found: Record<string, { readonly mode: number; readonly content: string | undefined }> = {}
  for (const name of (yield* fs.readDirectory(directory, { recursive: true })).sort()) {
    if (name.endsWith(".lock")) continue
    const at = path.join(directory, name)
    const { mode, type } = yield* fs.stat(at)
    const content = type === "File" ? Buffer.from(yield* fs.readFile(at)).toString("base64") : undefined
    found[name] = { mode: mode & 0o777, content }
  }
  return found
})

/** Only the files. */
export const files = (found: Tree) =>
  Object.fromEntries(Object.entries(found).filter(([_, { content }]) => content !== undefined))

/** Sorted rows, so that they can be compared, with texts that UTF-8 can encode. */
export const comparable = (rows: ReadonlyArray<Row>) =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, cell]) => [name, typeof cell === "string" ? cell.toWellFormed() : cell])
    )
  ).toSorted((a, b) => String(a["user_id"]) < String(b["user_id"]) ? -1 : 1)

/**
 * The rows that the sink itself reads back; `undefined` if it no longer has the run. `round` is the newest run of its
 * round; null if it was published alone.
 */
export const readBack = (
  sink: Sink,
  location: string,
  run: SinkRun,
  table: Table,
  round: PublishedRun["round"] = null
) =>
  Effect.scoped(Effect.gen(function*() {
    const { read } = withLocation(sink)
    assert(read !== undefined, "only a sink that can be read back can be held to the laws")
    const rows = yield* read(location, { ...run, round }, table)
    if (rows === undefined) return undefined
    const chunks = Stream.isStream(rows)
      ? yield* Stream.runCollect(rows)
      : yield* Stream.runCollect(RowsSql.stream(rows.session, table, rows.sql))
    return chunks.flat()
  }))
