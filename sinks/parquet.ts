/**
 * Parquet: every run's snapshot in `T/run_date=YYYY-MM-DD/RUN_ID.parquet`, and the last run of each tenant in
 * `current/T.parquet`, for tools that want just one file; and `views.sql`, the names of the ledger over these files.
 */
import { Effect, FileSystem, Path } from "effect"
import * as Added from "../src/history/Added.ts"
import * as ParquetFiles from "../src/history/ParquetFiles.ts"
import { collected, type Outcome, rowsOf } from "../src/Outcome.ts"
import { CannotCreate, InputOutput, Overtaken, type Sink, type SinkRun, type Stage } from "../src/Sink.ts"
import * as DuckDb from "../src/staging/DuckDb.ts"
import * as Files from "../src/staging/Files.ts"
import * as Identity from "../src/staging/Identity.ts"
import * as Instant from "../src/staging/Instant.ts"
import * as Lock from "../src/staging/Lock.ts"
import * as Read from "../src/staging/Read.ts"
import * as Staged from "../src/staging/Stage.ts"
import type { Stamp, Table } from "../src/Table.ts"
import { format } from "../src/Version.ts"

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

/** The rows of a group, which is in memory as a whole before it is written. */
const groupRows = 122_880

/**
 * A column with more different values in a group than this is no dictionary. DuckDB's own limit is 24,576, and trying so
 * many in every column takes as much memory as the rows; the files are as large either way.
 */
const dictionaryValues = 4096

/** The rows of a current file, with those columns of the table that it has. */
const rowsIn = (file: string, { columns }: Table) =>
  `SELECT COLUMNS(c -> c IN (${columns.map(({ name }) => DuckDb.literal(name)).join(", ")})) FROM ${
    DuckDb.scanParquet(file)
  }`

/** What a file says about itself, in its key-value metadata. */
const metadata = ({ columns, doc, key, name }: Table, outcome: Outcome) =>
  Object.entries({
    "duo_mfa.dictionary": JSON.stringify({ name, doc, key, columns }),
    "duo_mfa.run_id": outcome.run_id,
    [ParquetFiles.formatKey]: String(format),
    [ParquetFiles.versionKey]: outcome.tool_version,
    [ParquetFiles.runKey]: ParquetFiles.encodeRun(outcome)
  }).map(([key, value]) => `${DuckDb.literal(key)}: ${DuckDb.literal(value)}`).join(", ")

const open = Effect.fnUntraced(function*(location: string, run: SinkRun) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { compression, current, root, snapshot, staged } = yield* parse(location)
  if (root.includes("?")) {
    return yield* new CannotCreate({ detail: "a ? can only begin ?compression=zstd or ?compression=snappy" })
  }
  const viewsFile = path.join(root, "views.sql")
  yield* Files.prepare(root, [viewsFile, ...run.tables.flatMap((table) => [snapshot(run, table), current(table)])])
  yield* Lock.take(root)
  /** DuckDB is open for a table at a time, for what it has had of memory it keeps. */
  const work = staged(run, "work")
  const connect = Effect.andThen(Files.privateDirectory(work), DuckDb.open({ spill: path.join(work, "spill") }))

  const unreadable = Effect.fnUntraced(function*(session: DuckDb.Session, table: Table) {
    const file = current(table)
    if (!(yield* Files.exists(file))) return
    yield* session.run(`${rowsIn(file, table)} LIMIT 0`)
    yield* ParquetFiles.refuseNewer(session, DuckDb.path(DuckDb.literal(file)))
  })
  yield* Effect.scoped(
    Effect.flatMap(DuckDb.open({}), (session) => Effect.forEach(run.tables, (table) => unreadable(session, table)))
  )

  const before = yield* Identity.of(viewsFile)
  const said = before !== null
    ? yield* Effect.flatMap(Effect.mapError(fs.readFileString(viewsFile), Files.reasonOf), ParquetFiles.readViews)
    : ""

  /** Stages the files of a table, and says where they are to be. */
  const sealTable = Effect.fn("Parquet.table")(function*(outcome: Outcome, stage: Stage, table: Table) {
    yield* Effect.annotateCurrentSpan("duo_mfa.table", table.name)
    const session = yield* connect
    yield* Staged.attach(session, stage)

    const copy = Effect.fnUntraced(function*(from: string, to: string) {
      yield* Effect.scoped(Files.create(to))
      yield* session.run(
        `COPY (${from}) TO ${DuckDb.literal(to)} (FORMAT parquet, COMPRESSION ${compression}, ` +
          `ROW_GROUP_SIZE ${groupRows}, DICTIONARY_SIZE_LIMIT ${dictionaryValues}, USE_TMP_FILE false, ` +
          `KV_METADATA {${metadata(table, outcome)}})`
      )
    })

    /** Rows of this run's tenant, or of all others. */
    const count = Effect.fnUntraced(function*(file: string, tenant: "=" | "<>") {
      const counted = yield* session.all(
        `SELECT count(*) FROM ${DuckDb.scanParquet(file)} WHERE tenant ${tenant} ${DuckDb.literal(run.tenant)}`
      )
      return Number(counted[0]?.[0])
    })

    const refuseOutdated = Effect.fnUntraced(function*(file: string) {
      if (!(yield* Files.exists(file))) return
      const later = yield* session.all(
        `SELECT run_id FROM ${DuckDb.scanParquet(file)} WHERE tenant = ${DuckDb.literal(run.tenant)}
         AND observed_at > ${DuckDb.constant(run.observed_at)} LIMIT 1`
      )
      if (later.length > 0) return yield* new Overtaken({ by: String(later[0]?.[0]) })
    })

    const verify = Effect.fnUntraced(function*(file: string, expected: number) {
      if ((yield* count(file, "=")) !== expected) {
        return yield* new InputOutput({ detail: `${file} does not hold the ${expected} rows that were written` })
      }
    })

    /**
     * The snapshot, and what the current file has of other tenants; the same file once more if it has nothing. Rows of
     * several files go by way of a database, for what is read from one comes in full vectors, and only those fill a group
     * to the row.
     */
    const writeCurrent = Effect.fnUntraced(function*(snapshot: string, to: string) {
      const before = current(table)
      const others = (yield* Files.exists(before)) ? yield* count(before, "<>") : 0
      if (others === 0) {
        yield* Effect.scoped(Files.create(to))
        return yield* fs.copyFile(snapshot, to).pipe(Effect.mapError(Files.reasonOf))
      }
      const file = path.join(work, "scratch")
      yield* session.run(`ATTACH ${DuckDb.literal(file)} AS scratch (${DuckDb.groupRows})`)
      yield* session.run(
        `CREATE TABLE scratch.rows AS SELECT ${DuckDb.typed(table)} FROM (
          FROM ${DuckDb.scanParquet(snapshot)} UNION ALL BY NAME
          ${rowsIn(before, table)} WHERE tenant <> ${DuckDb.literal(run.tenant)})`
      )
      yield* copy("FROM scratch.rows", to)
      yield* session.run("DETACH scratch")
      yield* Files.remove([file])
    })

    const rows = outcome.rows[table.name] ?? 0
    const snapshotFile = staged(run, table.name)
    const currentFile = staged(run, `current.${table.name}`)
    const before = yield* Identity.of(current(table))
    yield* refuseOutdated(current(table))
    yield* copy(`SELECT ${DuckDb.names(table)} FROM ${Staged.rowsOf(table)}`, snapshotFile)
    yield* writeCurrent(snapshotFile, currentFile)
    yield* verify(snapshotFile, rows)
    yield* verify(currentFile, rows)
    return [
      { from: snapshotFile, to: snapshot(run, table) },
      { from: currentFile, to: current(table), before }
    ]
  }, Effect.scoped)

  /** Stages the views, over the tables of which there are files, of this run or of others. */
  const sealViews = Effect.fnUntraced(function*({ columns_added, tables_collected }: Outcome) {
    const session = yield* connect
    const { all } = session
    const isWritten = Effect.fnUntraced(function*(table: Table) {
      if (tables_collected.includes(table.name)) return true
      const counted = yield* all(`SELECT count(*) FROM glob(${ParquetFiles.files(DuckDb.literal(root), table)})`)
      return Number(counted[0]?.[0]) > 0
    })
    const from = staged(run, "views.sql")
    const here = DuckDb.literal(root)
    const [table] = run.tables
    const written = yield* all(`SELECT 1 FROM glob(${ParquetFiles.files(here, table)}) LIMIT 1`)
    const added = written.length === 0 ? [] : yield* Added.inRuns(session, ParquetFiles.selectRuns(here, table))
    const text = ParquetFiles.views(root, run, yield* Effect.filter(run.tables, isWritten), [
      ...columns_added,
      ...added
    ], said)
    const file = yield* Files.create(from)
    yield* Effect.mapError(file.writeAll(new TextEncoder().encode(text)), Files.reasonOf)
    return { from, to: viewsFile, before }
  }, Effect.scoped)

  return Effect.fnUntraced(function*(outcome: Outcome, stage: Stage) {
    const moves = yield* Effect.forEach(collected(run.tables, outcome), (table) => sealTable(outcome, stage, table))
    return {
      rows: rowsOf(run.tables, outcome),
      ...(yield* Files.seal([...moves.flat(), yield* sealViews(outcome)]))
    }
  })
})

const rootOf = (location: string) => Effect.map(parse(location), ({ root }) => root)

const parquet: Sink = {
  name: "parquet",
  doc: "Parquet, partitioned by day, with the last run of each tenant in one file a table; ?compression=snappy.",
  location: (dataDirectory) => `${dataDirectory}/parquet`,

  open: Effect.fnUntraced(function*(location, run) {
    const at = Files.at("parquet", location)
    const seal = yield* at(open(location, run))
    return { seal: (outcome, stage) => at(seal(outcome, stage)) }
  }),

  isSuperseded: Files.isSuperseded("parquet", {
    rootOf,
    enter: Effect.fnUntraced(function*({ from }) {
      const path = yield* Path.Path
      yield* Lock.take(path.dirname(from))
      return false
    })
  }),

  publish: Files.publish("parquet", rootOf),

  discard: (location, run_id) =>
    Effect.flatMap(rootOf(location), (root) => Files.discard(root, run_id)).pipe(Files.at("parquet", location)),

  read: Effect.fn("parquet.read")(function*(location, run, table) {
    const { snapshot } = yield* parse(location)
    return yield* Read.file("parquet", snapshot(run, table), table, DuckDb.scanParquet)
  })
}

export default parquet
