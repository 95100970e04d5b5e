/** The Parquet files of all runs below one directory, as SQL: every file says in its metadata which run it is of. */
import { Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import * as Instant from "../duckdb/Instant.ts"
import { Newer } from "../failure/SinkError.ts"
import { type Outcome, runs, toRow } from "../Outcome.ts"
import type { SinkRun } from "../Sink.ts"
import type { Table } from "../Table.ts"
import { format, isNewer, version } from "../Version.ts"
import * as Snapshots from "./Snapshots.ts"

/** The key of the metadata that is the run's row of `runs`, as JSON. */
export const runKey = "duo_mfa.run"

/** The key of the metadata that is the format of the file. */
export const formatKey = "duo_mfa.format"
/** The key of the metadata that is the version that wrote it. */
export const versionKey = "duo_mfa.version"

/** That row. */
export const encodeRun = (outcome: Outcome) =>
  JSON.stringify(toRow(outcome), (_, cell: unknown) => typeof cell === "bigint" ? Instant.format(cell) : cell)

const structure = JSON.stringify(Object.fromEntries(runs.columns.map(({ name, type }) => [name, DuckDb.types[type]])))

/** The name of every run, as a pattern: other files in the same folder are not ours. */
const anyRun = DuckDb.literal("????????T?????????Z-??????")

/** The files of a table; of every table when none is given. `root` is SQL for the directory, `run` for one run's id. */
export const files = (root: string, table?: Table, run?: string) =>
  `${DuckDb.path(root)} || ${DuckDb.literal(`/${table?.name ?? "*"}/run_date=*/`)} || ` +
  `${run === undefined ? anyRun : DuckDb.path(run)} || '.parquet'`

/** A row for every run of which there is a file. Other metadata is not looked into, also not before it is left out. */
export const selectRuns = (root: string, table?: Table) =>
  `SELECT DISTINCT ON (run_id) ${DuckDb.names(runs)} FROM (
    SELECT unnest(from_json(CASE WHEN key = encode(${DuckDb.literal(runKey)}) THEN decode(value) END,
      ${DuckDb.literal(structure)}))
    FROM parquet_kv_metadata(${files(root, table)})
  ) WHERE run_id IS NOT NULL`

/** Fails if a file is of a format that only a later version knows. A file without a number is of format 0. */
export const refuseNewer = Effect.fnUntraced(function*({ all }: DuckDb.Session, files: string) {
  const [row] = yield* all(
    `SELECT max(try_cast(decode(value) AS INTEGER)) AS format, file_name FROM parquet_kv_metadata(${files})
     WHERE key = encode(${DuckDb.literal(formatKey)}) GROUP BY ALL HAVING format > ${format} LIMIT 1`
  )
  if (row === undefined) return
  const [by] = yield* all(
    `SELECT decode(value) FROM parquet_kv_metadata(${DuckDb.path(DuckDb.literal(String(row[1])))})
     WHERE key = encode(${DuckDb.literal(versionKey)})`
  )
  return yield* new Newer({ format: Number(row[0]), tool_version: String(by?.[0] ?? "") })
})

const firstLine = /^-- duo-mfa (\S+), format (\d+)$/m

/** Fails if a `views.sql` is of a format that only a later version knows; gives what there is of one. */
export const readViews = Effect.fnUntraced(function*(text: string) {
  const [, tool_version = "", found = "0"] = firstLine.exec(text.split("\n", 1)[0] ?? "") ?? []
  const written = { format: Number(found), tool_version }
  if (isNewer(written)) return yield* new Newer(written)
  return text
})

/** Rows of files that may have been written by another version. */
export const select = (files: string) => `FROM read_parquet(${files}, union_by_name = true, ${DuckDb.asStored})`

/**
 * The names that a ledger has of a pipeline, over the files. `root` is SQL for the directory, `tables` are all that the
 * pipeline has, `written` those of which there is a file.
 */
export const statements = (
  root: string,
  { tables, views }: Pick<SinkRun, "tables" | "views">,
  written: ReadonlyArray<Table>,
  added: ReadonlyArray<string>
) =>
  [
    ...tables.flatMap((table) =>
      Snapshots.statements(table, written.includes(table) ? select(files(root, table)) : undefined, added)
    )
      .map((statement) => `${statement};`),
    `${views.trimEnd().replace(/;?$/, ";")}`
  ].join("\n")

/** The folders of the tables of which there are files below a directory. */
export const written = (root: string) => {
  const here = DuckDb.literal(root)
  return `SELECT DISTINCT split_part(substr(file, length(${here}) + 2), '/', 1) FROM glob(${files(here)})`
}

const variable = "duo_mfa_parquet"

/** Begins what a pipeline has of `views.sql`, which goes on to the next of these lines. */
const heading = (pipeline: string) => `-- The tables of the pipeline ${pipeline}, and its views.`

/** What a `views.sql` has of each pipeline, by its heading. */
const sections = (views: string) =>
  new Map(
    views.split(/^(?=-- The tables of the pipeline .+, and its views\.$)/m).slice(1).map((section) =>
      [section.split("\n", 1)[0] ?? "", section.trimEnd()] as const
    )
  )

/**
 * The text of `views.sql`, which makes a ledger's tables and views over the files alone, in any DuckDB. The parts of other
 * pipelines are copied from `before`, the file's earlier text.
 */
export const views = (
  root: string,
  { pipeline, tables, views }: Pick<SinkRun, "pipeline" | "tables" | "views">,
  written: ReadonlyArray<Table>,
  added: ReadonlyArray<string>,
  before: string
) => {
  const here = `getvariable(${DuckDb.literal(variable)})`
  const own = [heading(pipeline), statements(here, { tables, views }, written, added)].join("\n")
  return [
    `-- duo-mfa ${version}, format ${format}`,
    "-- The names of the ledger over these Parquet files, for any DuckDB: .read views.sql",
    "-- Made anew by every run. If the files have moved, say here where they are.",
    `SET VARIABLE ${variable} = ${DuckDb.literal(root)};`,
    "SET TimeZone = 'UTC';",
    ...Snapshots.runs(selectRuns(here)).map((statement) => `${statement};`),
    ...[...sections(before).set(heading(pipeline), own)].sort(([a], [b]) => a < b ? -1 : 1).map(([_, text]) => text),
    ""
  ].join("\n")
}
