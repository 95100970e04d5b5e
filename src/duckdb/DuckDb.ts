/**
 * DuckDB as the sinks use it: a scoped connection whose memory has a bound, SQL made from tables, results read chunk by
 * chunk, and its messages told apart. The library is loaded when it is first needed, for that takes a while.
 */
import type * as Api from "@duckdb/node-api"
import type { DuckDBConnection, DuckDBType, DuckDBValue } from "@duckdb/node-api"
import { Effect, type Scope } from "effect"
import { totalmem } from "node:os"
import {
  CannotCreate,
  Corrupt,
  DiskFull,
  Held,
  InputOutput,
  type SinkReason,
  TooManyFiles,
  Unlockable
} from "../failure/SinkError.ts"
import { type Cell, type ColumnType, type Table, valueEarlier } from "../Table.ts"
import * as Instant from "./Instant.ts"

const tooMany = /Too many open files|EMFILE|ENFILE/i

/** Its allocator reads this once, when it is loaded: with more arenas, more is kept that nobody uses any more. */
const allocator = { name: "DUCKDB_JE_MALLOC_CONF", value: "narenas:1" }

/** The library itself, for its constants. */
export const library: Effect.Effect<typeof Api, CannotCreate | TooManyFiles> = Effect.tryPromise({
  try: () => {
    process.env[allocator.name] ??= allocator.value
    return import("@duckdb/node-api")
  },
  catch: (cause) =>
    tooMany.test(String(cause))
      ? new TooManyFiles()
      : new CannotCreate({ detail: `DuckDB cannot be loaded here: ${String(cause)}` })
})

/**
 * What a session of a sink may use, so that memory does not grow with the tenant. One thread needs the least, and more
 * of them run out of so little: what they would gain is less than what they take from the rest of the run.
 */
const bounds = {
  memory_limit: "128MB",
  threads: "1",
  preserve_insertion_order: "false",
  write_buffer_row_group_count: "1"
}

/** Half of the memory that this process can have. */
const halfOfMemory = () => `${Math.floor(Math.min(totalmem(), process.constrainedMemory() || Infinity) / 2)}B`

/** For `ATTACH` of a database that is made: rows of a group wait in memory, four times as many if this is not said. */
export const groupRows = "ROW_GROUP_SIZE 30720"

/** Bytes that readers of text make room for in a row: Duo's have a few thousand. */
export const rowBytesMax = 4_194_304

const lock = /Could not set lock on file(?:.*\(PID (\d+)\))?/s
/** Nobody holds it: the system has said that there are no locks there, or that it does not give any. */
const lockless =
  /File locks are not supported|No locks available|(Function|Operation) not (implemented|supported|permitted)|Invalid argument/
const full = /No space left on device|Disk quota exceeded/i
const foreign =
  /not a valid DuckDB database|corrupt|checksum|database file with version|could not read enough bytes|serializ|WAL |magic bytes|Parquet file|Footer length|thrift|(Conversion|Constraint|Binder|Catalog|Dependency|TransactionContext) Error/i
const unusable =
  /permission denied|operation not permitted|read-only file system|not a directory|is a directory|no such file|file name too long|does not exist/i

/** These quote a value, which may be somebody's name or number; but for what is said of a Parquet file that is none. */
const quoting = /^(Conversion|Invalid Input|Out of Range) Error(?!: (No magic bytes|Footer length|File '))/

/** The one place where what DuckDB says becomes a sink's reason. */
export const reasonOf = (cause: unknown): SinkReason => {
  const message = cause instanceof Error ? cause.message : String(cause)
  const detail = quoting.exec(message)?.[0] ?? message.split("\n", 1)[0] ?? message
  const holder = lock.exec(message)
  const why = lockless.exec(detail)?.[0]
  if (holder !== null && holder[1] === undefined && why !== undefined) return new Unlockable({ detail: why })
  if (tooMany.test(message)) return new TooManyFiles()
  if (holder !== null) return new Held({ pid: holder[1] === undefined ? null : Number(holder[1]) })
  if (full.test(message)) return new DiskFull()
  if (foreign.test(detail)) return new Corrupt({ detail })
  return unusable.test(detail) ? new CannotCreate({ detail }) : new InputOutput({ detail })
}

/** A connection, and what is done with it. One thing at a time. */
export interface Session {
  readonly connection: DuckDBConnection
  /** Runs statements whose rows are of no interest; with values for `$1` and so on, one statement. */
  readonly run: (sql: string, values?: Array<DuckDBValue>) => Effect.Effect<void, SinkReason>
  /** Plans a statement once, to be run again and again, each time with values of these types for `$1` and so on. */
  readonly prepare: (
    sql: string,
    types: Array<DuckDBType>
  ) => Effect.Effect<(values: Array<DuckDBValue>) => Effect.Effect<void, SinkReason>, SinkReason, Scope.Scope>
  /** All rows of a small result. */
  readonly all: (sql: string) => Effect.Effect<ReadonlyArray<ReadonlyArray<DuckDBValue>>, SinkReason>
  /** One more connection to the same database, which knows no variable of this one. */
  readonly another: Effect.Effect<Session, SinkReason, Scope.Scope>
}

export interface SessionOptions {
  /** A database to ask questions of, read-only. One in memory when undefined. */
  readonly file?: string | undefined
  /** It may use all processors and half of the memory: somebody asks questions and waits. */
  readonly unbounded?: boolean | undefined
  /** Where what does not fit in memory may be written; nowhere when undefined. */
  readonly spill?: string | undefined
}

/** Awaits DuckDB. An interrupted statement is cancelled and waited for, so that nothing is closed under its feet. */
export const interruptible = <A, E>(
  connection: DuckDBConnection,
  begin: () => Promise<A>,
  refused: (cause: unknown) => E
) =>
  Effect.suspend(() => {
    const promise = begin()
    return Effect.tryPromise({ try: () => promise, catch: refused }).pipe(
      Effect.onInterrupt(() => {
        connection.interrupt()
        return Effect.promise(() => Promise.allSettled([promise]))
      })
    )
  })

/** The same, with what DuckDB says as a sink's reason. */
export const awaiting = <A>(connection: DuckDBConnection, begin: () => Promise<A>) =>
  interruptible(connection, begin, reasonOf)

const closing = <A extends { readonly closeSync: () => void }>(begin: () => Promise<A>) =>
  Effect.acquireRelease(
    Effect.tryPromise({ try: begin, catch: reasonOf }),
    (open) => Effect.sync(() => open.closeSync())
  )

/** A session that ends with the scope. It never goes to the network. */
export const open = Effect.fnUntraced(
  function*(options: SessionOptions): Effect.fn.Return<Session, SinkReason, Scope.Scope> {
    const { DuckDBInstance } = yield* library
    const instance = yield* closing(() =>
      DuckDBInstance.create(options.file ?? ":memory:", {
        autoinstall_known_extensions: "false",
        autoload_known_extensions: "false",
        temp_directory: options.spill ?? "",
        ...(options.unbounded === true ? { memory_limit: halfOfMemory() } : bounds),
        ...(options.file === undefined ? {} : { access_mode: "READ_ONLY" })
      })
    )
    const another: Session["another"] = Effect.gen(function*() {
      const connection = yield* closing(() => instance.connect())
      const run = (sql: string, values?: Array<DuckDBValue>) =>
        Effect.asVoid(awaiting(connection, () => connection.run(sql, values)))
      const prepare: Session["prepare"] = Effect.fnUntraced(function*(sql, types) {
        const prepared = yield* Effect.acquireRelease(
          awaiting(connection, () => connection.prepare(sql)),
          (prepared) => Effect.sync(() => prepared.destroySync())
        )
        return (values) =>
          Effect.suspend(() => {
            prepared.bind(values, types)
            return Effect.asVoid(awaiting(connection, () => prepared.run()))
          })
      })
      const all = (sql: string) =>
        awaiting(connection, () => connection.runAndReadAll(sql)).pipe(Effect.map((result) => result.getRows()))
      return { connection, run, prepare, all, another }
    })
    const session = yield* another
    // both are the machine's if nothing is said, and in Thailand it is 2569
    yield* session.run("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL Calendar = 'gregorian'")
    return session
  }
)

/**
 * Shuts a session in, for good: from now on all it can do is to read what is open, and what is in the directory, which is
 * also named as readers take it. No setting can be changed any more.
 */
export const shutIn = ({ run }: Session, directory?: string) =>
  run(
    `SET allowed_directories = [${
      directory === undefined ? "" : `${literal(directory)}, ${path(literal(directory))}`
    }]; SET enable_external_access = false; SET lock_configuration = true`
  )

/** A name in SQL. */
export const name = (identifier: string) => `"${identifier.replaceAll("\"", "\"\"")}"`

/** A text in SQL. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** A cell in SQL. */
export const constant = (cell: Cell | undefined) =>
  typeof cell === "string"
    ? literal(cell)
    : typeof cell === "bigint"
    ? `${literal(Instant.format(cell))}::TIMESTAMPTZ`
    : String(cell ?? null)

/** What our types are called in SQL. */
export const types = {
  text: "VARCHAR",
  boolean: "BOOLEAN",
  bigint: "BIGINT",
  timestamp: "TIMESTAMPTZ"
} as const satisfies Record<ColumnType, string>

/** The column names of a table, in order. */
export const names = (table: Table) => table.columns.map((column) => name(column.name)).join(", ")

/** The columns of a table with its types, whatever those of the query are, and with what they were before they were there. */
export const typed = ({ columns }: Table) =>
  columns.map((column) => {
    const earlier = valueEarlier(column)
    const cell = earlier === null ? name(column.name) : `coalesce(${name(column.name)}, ${earlier})`
    return `${cell}::${types[column.type]} AS ${name(column.name)}`
  }).join(", ")

/**
 * A path for DuckDB's readers, as SQL from SQL. They take `*`, `?` and `[` for patterns, which match other files too, and
 * then \\ for a separator; a character in brackets is itself, and between [ and ] is nothing but a \\.
 */
export const path = (path: string) => `replace(regexp_replace(${path}, '[*?[]', '[\\0]', 'g'), '\\', '[[-]]')`

/** Columns come from what a file holds, and never from its path: below `status=prod` every status would be prod. */
export const asStored = "hive_partitioning = false"

/** Newline-delimited JSON as a table; its columns are given as a struct of names and types. */
export const scanJson = (file: string, columns: string) =>
  `read_json(${path(literal(file))}, format = 'newline_delimited', auto_detect = false, columns = ${columns}, ` +
  `maximum_object_size = ${rowBytesMax}, ${asStored})`

/** A Parquet file as a table. */
export const scanParquet = (file: string) => `read_parquet(${path(literal(file))}, ${asStored})`

/** `CREATE TABLE IF NOT EXISTS`, under a name such as `catalog.main.users`. */
export const create = (qualified: string, table: Table) =>
  `CREATE TABLE IF NOT EXISTS ${qualified} (${
    table.columns.map((column) => `${name(column.name)} ${types[column.type]}${column.required ? " NOT NULL" : ""}`)
      .join(", ")
  })`

/** The sentences of a table or a view as `COMMENT ON`. */
export const comments = (kind: "TABLE" | "VIEW", qualified: string, table: Table) => [
  `COMMENT ON ${kind} ${qualified} IS ${literal(table.doc)}`,
  ...table.columns.map((column) => `COMMENT ON COLUMN ${qualified}.${name(column.name)} IS ${literal(column.doc)}`)
]
