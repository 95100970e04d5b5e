/**
 * Parquet: every run's snapshot in `T/run_date=YYYY-MM-DD/RUN_ID.parquet`, and the last run of each tenant in
 * `current/T.parquet`, for tools that want just one file.
 */
import { Effect, Path } from "effect"
import type { Outcome } from "../src/Outcome.ts"
import { CannotCreate, InputOutput, type Sink, type SinkRun } from "../src/Sink.ts"
import * as DuckDb from "../src/staging/DuckDb.ts"
import * as Files from "../src/staging/Files.ts"
import * as Instant from "../src/staging/Instant.ts"
import * as Read from "../src/staging/Read.ts"
import * as Spool from "../src/staging/Spool.ts"
import * as TextFiles from "../src/staging/TextFiles.ts"
import type { Stamp, Table } from "../src/Table.ts"

const option = /\?compression=(zstd|snappy)$/

/** `DIR?compression=snappy` as what it means. */
const parse = Effect.fnUntraced(function*(location: string) {
  const path = yield* Path.Path
  const root = path.resolve(location.replace(option, ""))
  return {
    compression: option.exec(location)?.[1] ?? "zstd",
    root,
    snapshot: (run: Stamp, { name }: Table) =>
      path.join(root, name, `run_date=${Instant.format(run.observed_at).split("T").at(0)}`, `${run.run_id}.parquet`),
    current: ({ name }: Table) => path.join(root, "current", `${name}.parquet`),
    staged: (run: Stamp, name: string) => path.join(root, Files.stagedName(name, run.run_id))
  }
})

/** Rows wait in memory until there is a group of them: 122,880, or fewer if they are wide. */
const groupBytes = "16MB"

const scan = (file: string) => `read_parquet(${DuckDb.literal(file)}, hive_partitioning = false)`

/** The rows of a current file, with those columns of the table that it has. */
const rowsOf = (file: string, { columns }: Table) =>
  `SELECT COLUMNS(c -> c IN (${columns.map(({ name }) => DuckDb.literal(name)).join(", ")})) FROM ${scan(file)}`

/** The columns of the table, with its types. */
const cast = ({ columns }: Table) =>
  columns.map(({ name, type }) => `${DuckDb.name(name)}::${DuckDb.types[type]} AS ${DuckDb.name(name)}`).join(", ")

/** What a file says about itself, in its key-value metadata. */
const metadata = ({ columns, doc, key, name }: Table, outcome: Outcome) =>
  Object.entries({
    "duo_mfa.dictionary": JSON.stringify({ name, doc, key, columns }),
    "duo_mfa.run_id": outcome.run_id,
    "duo_mfa.version": outcome.tool_version
  }).map(([key, value]) => `${DuckDb.literal(key)}: ${DuckDb.literal(value)}`).join(", ")

const open = Effect.fnUntraced(function*(location: string, run: SinkRun) {
  const { compression, current, root, snapshot, staged } = yield* parse(location)
  if (root.includes("?")) {
    return yield* new CannotCreate({ detail: "after a ? there can be compression=zstd or compression=snappy" })
  }
  yield* Files.prepare(root, run.tables.flatMap((table) => [snapshot(run, table), current(table)]))
  /** DuckDB is closed between its uses, for what it has had of memory it keeps. */
  const connect = DuckDb.open({ spill: staged(run, "spill") })
  for (const table of run.tables) {
    const file = current(table)
    if (!(yield* Files.exists(file))) continue
    yield* Effect.scoped(Effect.flatMap(connect, ({ run }) => run(`${rowsOf(file, table)} LIMIT 0`)))
  }
  const spool = yield* Spool.open(run, root, "rows.")

  /** Writes a query's rows, with the types of the table whatever those of the query are. */
  const write = Effect.fnUntraced(
    function*(session: DuckDb.Session, query: string, to: string, table: Table, outcome: Outcome) {
      yield* Effect.scoped(Files.create(to))
      yield* session.run(
        `COPY (SELECT ${cast(table)} FROM (${query})) TO ${DuckDb.literal(to)} (FORMAT parquet, ` +
          `COMPRESSION ${compression}, ROW_GROUP_SIZE 122880, ROW_GROUP_SIZE_BYTES '${groupBytes}', USE_TMP_FILE false, ` +
          `KV_METADATA {${metadata(table, outcome)}})`
      )
    }
  )

  const verify = Effect.fnUntraced(function*(session: DuckDb.Session, file: string, expected: number) {
    const counted = yield* session.all(
      `SELECT count(*) FROM ${scan(file)} WHERE tenant = ${DuckDb.literal(run.tenant)}`
    )
    if (counted[0]?.[0] !== BigInt(expected)) {
      return yield* new InputOutput({ detail: `${file} does not hold the ${expected} rows that were written` })
    }
  })

  const seal = Effect.fn("parquet.seal")(function*(outcome: Outcome) {
    const session = yield* connect
    const collected = yield* spool.finish(outcome)
    const moves: Array<Files.Move> = []
    for (const rows of collected) {
      const { table } = rows
      const snapshotFile = staged(run, table.name)
      yield* write(session, Spool.select(rows), snapshotFile, table, outcome)
      yield* verify(session, snapshotFile, rows.rows)
      const before = current(table)
      const others = `${rowsOf(before, table)} WHERE tenant <> ${DuckDb.literal(run.tenant)}`
      const now = `FROM ${scan(snapshotFile)}`
      const currentFile = staged(run, `current.${table.name}`)
      yield* write(
        session,
        (yield* Files.exists(before)) ? `${now} UNION ALL BY NAME ${others}` : now,
        currentFile,
        table,
        outcome
      )
      yield* verify(session, currentFile, rows.rows)
      moves.push({ from: snapshotFile, to: snapshot(run, table) }, { from: currentFile, to: before })
    }
    yield* Files.remove(collected.map(({ path }) => path))
    return { rows: TextFiles.rowsByTable(collected), ...(yield* Files.seal(moves)) }
  }, Effect.scoped)

  return { write: spool.write, seal }
})

const parquet: Sink = {
  name: "parquet",
  doc: "Parquet, partitioned by day, with the last run of each tenant in one file a table; ?compression=snappy.",
  location: (dataDirectory) => `${dataDirectory}/parquet`,

  open: Effect.fn("parquet.open")(function*(location, run) {
    const at = Files.at("parquet", location)
    const { seal, write } = yield* at(open(location, run))
    return { write: (batch) => at(write(batch)), seal: (outcome) => at(seal(outcome)) }
  }),

  publish: Files.publish("parquet"),

  discard: (location, run_id) =>
    Effect.flatMap(parse(location), ({ root }) => Files.discard(root, run_id)).pipe(Files.at("parquet", location)),

  read: Effect.fn("parquet.read")(function*(location, run, table) {
    const { snapshot } = yield* parse(location)
    return yield* Read.file("parquet", snapshot(run, table), table, scan)
  })
}

export default parquet
