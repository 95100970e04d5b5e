/** Opens the ledger of a data directory for queries: the ledger itself, or the same names over the Parquet files. */
import { Effect, Runtime, Schema } from "effect"
import { Flag } from "effect/cli"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ExitCode } from "../../failure/ExitCode.ts"
import * as Files from "../../files/Files.ts"
import * as AddedColumns from "../../history/AddedColumns.ts"
import { joinedViews } from "../../history/DescribedPipeline.ts"
import * as AttachedViews from "../../history/ledger/AttachedViews.ts"
import * as Meta from "../../history/ledger/Meta.ts"
import * as ParquetEvents from "../../history/ParquetEvents.ts"
import * as ParquetFiles from "../../history/ParquetFiles.ts"
import * as Snapshots from "../../history/Snapshots.ts"
import * as Privileged from "../../report/Privileged.ts"
import type { Table } from "../../Table.ts"
import { Plugins } from "../shared/Plugins.ts"
import { commandName } from "../terminal/CommandName.ts"

/** The data directory has no ledger, or no Parquet files. */
export class NoLedger extends Schema.TaggedError<NoLedger>()("NoLedger", { ledger: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `There is no ledger at ${this.ledger} yet. Run ${commandName()} extract, or set DUO_MFA_DATA.`
  }
}

/** The flag that chooses between the two. */
export const parquetFlag = Flag.Boolean("parquet").pipe(
  Flag.withDescription("Ask the Parquet files instead of the ledger"),
  Flag.withDefault(false),
  Flag.map((parquet): "ledger" | "parquet" => parquet ? "parquet" : "ledger")
)

export interface Open {
  readonly session: DuckDb.Session
  /** Adds the name and the location of the ledger to a failure. */
  readonly at: ReturnType<typeof Files.at>
  /** The statements that made the names of this session. They make the same names in another DuckDB. */
  readonly statements: ReadonlyArray<string>
  /** The names of privileged groups, if somebody named them. */
  readonly privileged: Privileged.PrivilegedNames
}

export interface Rights {
  /** Whether the queries may do everything that DuckDB can. */
  readonly writeFiles?: boolean
}

/** A session that remembers the statements that it has run. */
const remembering = (session: DuckDb.Session) => {
  const statements: Array<string> = []
  const run: DuckDb.Session["run"] = (sql, values) =>
    Effect.tap(session.run(sql, values), () => Effect.sync(() => statements.push(sql)))
  return { session: { ...session, run }, statements }
}

/** Makes the names of the ledger over the Parquet files below a directory, without running the `views.sql` there. */
const overParquet = Effect.fnUntraced(function*({ at, session }: Pick<Open, "at" | "session">, root: string) {
  const here = DuckDb.literal(root)
  const folders = (yield* at(session.all(ParquetFiles.selectTables(root)))).flat()
  if (folders.length === 0) return yield* new NoLedger({ ledger: root })
  yield* at(ParquetFiles.refuseNewer(session, ParquetFiles.files(here)))
  yield* at(session.run(Snapshots.runs(ParquetFiles.selectRuns(here)).join(";\n")))
  const added = yield* at(AddedColumns.addedByRuns(session, "FROM runs"))
  const isWritten = ({ name }: Table) => folders.includes(name)
  const extracted = (yield* (yield* Plugins).pipelines).filter(({ tables }) => tables.some(isWritten))
  for (const pipeline of extracted) {
    yield* at(session.run(ParquetFiles.statements(here, pipeline, pipeline.tables.filter(isWritten), added)))
  }
  for (const { sql } of joinedViews(extracted)) yield* at(session.run(sql))
})

/**
 * A session that ends with the scope. Its queries can read the ledger, or the Parquet files, and nothing else. With
 * `writeFiles` they can do everything that DuckDB can.
 */
export const open = Effect.fnUntraced(function*(
  dataDirectory: string,
  from: "ledger" | "parquet",
  { writeFiles = false }: Rights = {}
) {
  const sink = yield* (yield* Plugins).ownSink(from === "parquet" ? "parquet" : "duckdb")
  const location = sink.location(dataDirectory)
  const at = Files.at(sink.name, location)
  if (!(yield* at(Files.exists(location)))) return yield* new NoLedger({ ledger: location })
  const sandboxed = yield* at(DuckDb.open({ unbounded: true }))
  const { session, statements } = remembering(sandboxed)
  if (from === "ledger") {
    yield* at(session.run(`ATTACH ${DuckDb.literal(location)} AS duo (READ_ONLY)`))
    yield* at(Meta.read(session, "duo"))
  }
  const pipelines = yield* (yield* Plugins).pipelines
  const root = (yield* (yield* Plugins).ownSink("parquet")).location(dataDirectory)
  // the ledger has no events, so queries of it may read the Parquet files that have them
  const events = from === "parquet"
    ? undefined
    : yield* at(ParquetEvents.find(session, root, pipelines.flatMap(({ tables }) => tables)))
  const hasEvents = pipelines.some(({ tables }) => tables.some((table) => events?.(table) !== undefined))
  if (!writeFiles) yield* at(DuckDb.sandbox(sandboxed, from === "parquet" || hasEvents ? root : undefined))
  yield* from === "parquet"
    ? overParquet({ at, session }, location)
    : at(AttachedViews.make(session, "duo", pipelines, events))
  const privileged = yield* Privileged.read(dataDirectory)
  if (privileged !== null) yield* at(Privileged.define(session, privileged))
  const open: Open = { session: sandboxed, at, statements, privileged }
  return open
})
