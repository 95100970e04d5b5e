/** SQL for the Parquet files of all runs below one directory. The metadata of every file has the rows of `runs` of its runs. */
import { Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import * as Instant from "../duckdb/Instant.ts"
import { NewerFormat } from "../failure/SinkError.ts"
import { type Outcome, runs, toRow } from "../Outcome.ts"
import type { SinkRun } from "../Sink.ts"
import { isSnapshot, type Table } from "../Table.ts"
import { format, isNewer, newestFormat, version } from "../Version.ts"
import { joinedViews, viewsIn } from "./DescribedPipeline.ts"
import * as Snapshots from "./Snapshots.ts"

/** The metadata key of the row of `runs`, as JSON; an array of rows if the file has several runs. */
export const runKey = "duo_mfa.run"

/** The metadata key of the format of the file. */
export const formatKey = "duo_mfa.format"
/** The metadata key of the version that wrote the file. */
export const versionKey = "duo_mfa.version"

/** The rows of `runs` of these runs, as JSON. */
export const encodeRuns = (tables: ReadonlyArray<Table>, outcomes: ReadonlyArray<Outcome>) => {
  const rows = outcomes.map((outcome) => toRow(tables, outcome))
  return JSON.stringify(
    rows.length === 1 ? rows[0] : rows,
    (_, cell: unknown) => typeof cell === "bigint" ? Instant.format(cell) : cell
  )
}

const structure = JSON.stringify([
  Object.fromEntries(runs.columns.map(({ name, type }) => [name, DuckDb.types[type]]))
])

/** Matches only names of files that runs write, because people may keep other files in the same folder. */
const anyRun = DuckDb.literal("????????T?????????Z-??????")

/** The name of a table's partitions: the day of the run, or of a log the day of the events. */
export const partitionOf = (table: Table | undefined) =>
  table === undefined ? "*_date" : isSnapshot(table) ? "run_date" : "event_date"

/**
 * SQL for a pattern that matches files of runs. Without `table` it matches the files of every table; without `run`, those of
 * every run. `root` is SQL for the directory, and `run` is SQL for a run's id.
 */
export const files = (root: string, table?: Table, run?: string) =>
  `${DuckDb.path(root)} || ${DuckDb.literal(`/${table?.name ?? "*"}/${partitionOf(table)}=*/`)} || ` +
  `${run === undefined ? anyRun : DuckDb.path(run)} || '.parquet'`

/** The query for one row per run that has a file. Metadata with other keys is left out before JSON is parsed. */
export const selectRuns = (root: string, table?: Table) =>
  `SELECT ${DuckDb.names(runs)} FROM (${runsByFile(root, table)})`

/** The same with `file_id`, the run id that names the files of the run. */
export const runsByFile = (root: string, table?: Table) =>
  `SELECT DISTINCT ON (run_id) ${DuckDb.names(runs)}, parse_filename(file_name, true) AS file_id FROM (
    SELECT unnest(run), file_name FROM (
      SELECT unnest(from_json(CASE WHEN json[1] = '[' THEN json ELSE '[' || json || ']' END,
        ${DuckDb.literal(structure)})) AS run, file_name
      FROM (
        SELECT CASE WHEN key = encode(${DuckDb.literal(runKey)}) THEN decode(value) END AS json, file_name
        FROM parquet_kv_metadata(${files(root, table)})
      )
    )
  ) WHERE run_id IS NOT NULL`

/** Fails if a file has a format that only a later version knows. A file without a format number has format 0. */
export const refuseNewer = Effect.fnUntraced(function*({ all }: DuckDb.Session, files: string) {
  const [row] = yield* all(
    `SELECT max(try_cast(decode(value) AS INTEGER)) AS format, file_name FROM parquet_kv_metadata(${files})
     WHERE key = encode(${DuckDb.literal(formatKey)}) GROUP BY ALL HAVING format > ${newestFormat} LIMIT 1`
  )
  if (row === undefined) return
  const [by] = yield* all(
    `SELECT decode(value) FROM parquet_kv_metadata(${DuckDb.path(DuckDb.literal(String(row[1])))})
     WHERE key = encode(${DuckDb.literal(versionKey)})`
  )
  return yield* new NewerFormat({ format: Number(row[0]), tool_version: String(by?.[0] ?? "") })
})

const firstLine = /^-- duo-mfa (\S+), format (\d+)$/m

/** The text of an existing `views.sql`. Fails if it has a format that only a later version knows. */
export const readViews = Effect.fnUntraced(function*(text: string) {
  const [, tool_version = "", found = "0"] = firstLine.exec(text.split("\n", 1)[0] ?? "") ?? []
  const written = { format: Number(found), tool_version }
  if (isNewer(written)) return yield* new NewerFormat(written)
  return text
})

/** The query for the rows of files. Files of other versions may have other columns, so columns are matched by name. */
export const select = (files: string) => `FROM read_parquet(${files}, union_by_name = true, ${DuckDb.asStored})`

/**
 * The statements that make a pipeline's views over the files. `root` is SQL for the directory, `tables` are all tables of
 * the pipeline, `written` are those that have a file.
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

/** The tables that have files below a directory. */
export const selectTables = (root: string) => {
  const here = DuckDb.literal(root)
  return `SELECT DISTINCT split_part(substr(file, length(${here}) + 2), '/', 1) FROM glob(${files(here)})`
}

const variable = "duo_mfa_parquet"

/** The line that begins a pipeline's part of `views.sql`; the part ends at the next such line. */
const heading = (pipeline: string) => `-- The tables of the pipeline ${pipeline}, and its views.`

/** The line that begins the part with joined views; such parts come last. */
const joinedHeading = (name: string) => `-- Views over several pipelines: ${name}.`

/** The parts of a `views.sql`, by their headings. */
const sections = (views: string) =>
  new Map(
    views.split(/^(?=-- (?:The tables of the pipeline .+, and its views|Views over several pipelines: .+)\.$)/m).slice(
      1
    ).map((section) => [section.split("\n", 1)[0] ?? "", section.trimEnd()] as const)
  )

/**
 * The text of `views.sql`. It runs in any DuckDB, and makes views over the Parquet files that have the names of the ledger's
 * tables and views. The parts of other pipelines are copied from `before`, the file's earlier text.
 */
export const views = (
  root: string,
  { joined, pipeline, tables, views }: Pick<SinkRun, "joined" | "pipeline" | "tables" | "views">,
  written: ReadonlyArray<Table>,
  added: ReadonlyArray<string>,
  before: string
) => {
  const here = `getvariable(${DuckDb.literal(variable)})`
  const own = [heading(pipeline), statements(here, { tables, views }, written, added)].join("\n")
  const parts = sections(before).set(heading(pipeline), own)
  const there = new Set([...parts.values()].flatMap(viewsIn))
  for (const { name, sql } of joinedViews([{ joined, tables, views }], there)) {
    parts.set(joinedHeading(name), `${joinedHeading(name)}\n${sql.trimEnd()}`)
  }
  return [
    `-- duo-mfa ${version}, format ${format}`,
    "-- Gives these Parquet files the names of the ledger's tables and views, in any DuckDB: .read views.sql",
    "-- Every run writes this file again. If the Parquet files have moved, change their directory in the next line.",
    `SET VARIABLE ${variable} = ${DuckDb.literal(root)};`,
    "SET TimeZone = 'UTC';",
    ...Snapshots.runs(selectRuns(here)).map((statement) => `${statement};`),
    ...[...parts].sort(([a], [b]) => a < b ? -1 : 1).map(([_, text]) => text),
    ""
  ].join("\n")
}
