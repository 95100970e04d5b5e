/**
 * Opens DuckDB sessions with limited memory, makes SQL from tables, and turns DuckDB's messages into reasons of sinks.
 * The library is loaded when it is first needed, because loading it takes a while.
 */
import type * as Api from "@duckdb/node-api"
import type { DuckDBConnection, DuckDBType, DuckDBValue } from "@duckdb/node-api"
import { Effect, type Scope } from "effect"
import { totalmem } from "node:os"
import {
  CannotCreate,
  Corrupt,
  DiskFull,
  InputOutput,
  InUse,
  type SinkReason,
  TooManyFiles,
  Unlockable
} from "../failure/SinkError.ts"
import { type Cell, type ColumnType, type Table, valueEarlier } from "../Table.ts"
import * as Instant from "./Instant.ts"

const tooMany = /Too many open files|EMFILE|ENFILE/i

/** A setting of DuckDB's allocator, read when it is loaded. With more arenas, it keeps more memory that is not used. */
const allocator = { name: "DUCKDB_JE_MALLOC_CONF", value: "narenas:1" }

/** DuckDB's library. */
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
 * The limits of a sink's session, so that memory does not grow with the tenant. One thread needs the least memory;
 * several threads run out of this little, and would gain less time than they take from the rest of the run.
 */
const bounds = {
  memory_limit: "128MB",
  threads: "1",
  preserve_insertion_order: "false",
  write_buffer_row_group_count: "1"
}

/** Half of the memory that this process may use. */
const halfOfMemory = () => `${Math.floor(Math.min(totalmem(), process.constrainedMemory() || Infinity) / 2)}B`

/** An option of `ATTACH` for a new database. The rows of a group wait in memory; the default is four times as many. */
export const groupRows = "ROW_GROUP_SIZE 30720"

/** The bytes that a reader of text reserves for a row. Duo's objects have a few thousand bytes. */
export const rowBytesMax = 4_194_304

const lock = /Could not set lock on file(?:.*\(PID (\d+)\))?/s
/** Nobody has the lock: the system has said that it does not support locks there. */
const lockless =
  /File locks are not supported|No locks available|(Function|Operation) not (implemented|supported|permitted)|Invalid argument/
const full = /No space left on device|Disk quota exceeded/i
const foreign =
  /not a valid DuckDB database|corrupt|checksum|database file with version|could not read enough bytes|serializ|WAL |magic bytes|Parquet file|Footer length|thrift|(Conversion|Constraint|Binder|Catalog|Dependency|TransactionContext) Error/i
const unusable =
  /permission denied|operation not permitted|read-only file system|not a directory|is a directory|no such file|file name too long|does not exist/i

/** Errors that quote a value, which may be a person's name or number; except those about a damaged Parquet file. */
const quoting = /^(Conversion|Invalid Input|Out of Range) Error(?!: (No magic bytes|Footer length|File '))/

/** The reason of a sink for an error of DuckDB. */
export const reasonOf = (cause: unknown): SinkReason => {
  const message = cause instanceof Error ? cause.message : String(cause)
  const detail = quoting.exec(message)?.[0] ?? message.split("\n", 1)[0] ?? message
  const holder = lock.exec(message)
  const why = lockless.exec(detail)?.[0]
  if (holder !== null && holder[1] === undefined && why !== undefined) return new Unlockable({ detail: why })
  if (tooMany.test(message)) return new TooManyFiles()
  if (holder !== null) return new InUse({ pid: holder[1] === undefined ? null : Number(holder[1]) })
  if (full.test(message)) return new DiskFull()
  if (foreign.test(detail)) return new Corrupt({ detail })
  return unusable.test(detail) ? new CannotCreate({ detail }) : new InputOutput({ detail })
}

/** A connection to a database. It runs one statement at a time. */
export interface Session {
  readonly connection: DuckDBConnection
  /** Runs one or more statements and ignores their rows. With values for `$1` and so on, it must be one statement. */
  readonly run: (sql: string, values?: Array<DuckDBValue>) => Effect.Effect<void, SinkReason>
  /** Plans a statement once. The result runs it with values for `$1` and so on, which have these types. */
  readonly prepare: (
    sql: string,
    types: Array<DuckDBType>
  ) => Effect.Effect<(values: Array<DuckDBValue>) => Effect.Effect<void, SinkReason>, SinkReason, Scope.Scope>
  /** Runs a query with a small result, and returns all rows. */
  readonly all: (sql: string) => Effect.Effect<ReadonlyArray<ReadonlyArray<DuckDBValue>>, SinkReason>
  /** Another connection to the same database. It does not see this connection's variables. */
  readonly another: Effect.Effect<Session, SinkReason, Scope.Scope>
}

export interface SessionOptions {
  /** A database file, which is opened read-only. If undefined, the database is in memory. */
  readonly file?: string | undefined
  /** Whether it may use all processors and half of the memory, because a person waits for the answer. */
  readonly unbounded?: boolean | undefined
  /** The directory for data that does not fit into memory. If undefined, DuckDB writes no temporary files. */
  readonly spill?: string | undefined
}

/** Awaits DuckDB. An interrupted statement is cancelled and awaited, so its connection is not closed while it runs. */
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

/** The same; errors become reasons of sinks. */
export const awaiting = <A>(connection: DuckDBConnection, begin: () => Promise<A>) =>
  interruptible(connection, begin, reasonOf)

const closing = <A extends { readonly closeSync: () => void }>(begin: () => Promise<A>) =>
  Effect.acquireRelease(
    Effect.tryPromise({ try: begin, catch: reasonOf }),
    (open) => Effect.sync(() => open.closeSync())
  )

/** Opens a session, which the scope closes. It never uses the network. */
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
    // otherwise the machine's settings count, and with Thailand's calendar this year would be 2569
    yield* session.run("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL Calendar = 'gregorian'")
    return session
  }
)

/**
 * Locks a session: from now on it can only read what is already open and the files in the directory. Settings cannot be
 * changed any more. The directory is allowed under two names: its path, and its path with patterns escaped for readers.
 */
export const sandbox = ({ run }: Session, directory?: string) =>
  run(
    `SET allowed_directories = [${
      directory === undefined ? "" : `${literal(directory)}, ${path(literal(directory))}`
    }]; SET enable_external_access = false; SET lock_configuration = true`
  )

/** An identifier, quoted for SQL. */
export const name = (identifier: string) => `"${identifier.replaceAll("\"", "\"\"")}"`

/** A text as a literal in SQL. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** A cell as a literal in SQL. */
export const constant = (cell: Cell | undefined) =>
  typeof cell === "string"
    ? literal(cell)
    : typeof cell === "bigint"
    ? `${literal(Instant.format(cell))}::TIMESTAMPTZ`
    : String(cell ?? null)

/** The SQL types of our column types. */
export const types = {
  text: "VARCHAR",
  boolean: "BOOLEAN",
  bigint: "BIGINT",
  timestamp: "TIMESTAMPTZ"
} as const satisfies Record<ColumnType, string>

/** The column names of a table, in order. */
export const names = (table: Table) => table.columns.map((column) => name(column.name)).join(", ")

/** The columns of a table, cast to its types. Where a later column is NULL, its SQL for older rows is used. */
export const typed = ({ columns }: Table) =>
  columns.map((column) => {
    const earlier = valueEarlier(column)
    const cell = earlier === null ? name(column.name) : `coalesce(${name(column.name)}, ${earlier})`
    return `${cell}::${types[column.type]} AS ${name(column.name)}`
  }).join(", ")

/**
 * Escapes a path for DuckDB's readers; input and result are SQL expressions. Readers take `*`, `?` and `[` for patterns,
 * which would match other files, and then \\ for a separator. A character in brackets stands for itself; `[[-]]` is the
 * range from [ to ], and \\ is the only character between them.
 */
export const path = (path: string) => `replace(regexp_replace(${path}, '[*?[]', '[\\0]', 'g'), '\\', '[[-]]')`

/** Takes columns from files only. Otherwise a directory named `status=prod` would set every status to prod. */
export const asStored = "hive_partitioning = false"

/** A newline-delimited JSON file as a table. The columns are given as a struct of names and types. */
export const scanJson = (file: string, columns: string, compression = "auto_detect") =>
  `read_json(${path(literal(file))}, format = 'newline_delimited', auto_detect = false, columns = ${columns}, ` +
  `compression = ${literal(compression)}, maximum_object_size = ${rowBytesMax}, ${asStored})`

/** A Parquet file as a table. */
export const scanParquet = (file: string) => `read_parquet(${path(literal(file))}, ${asStored})`

/** The statement `CREATE TABLE IF NOT EXISTS` for a table, under a qualified name such as `catalog.main.users`. */
export const create = (qualified: string, table: Table) =>
  `CREATE TABLE IF NOT EXISTS ${qualified} (${
    table.columns.map((column) => `${name(column.name)} ${types[column.type]}${column.required ? " NOT NULL" : ""}`)
      .join(", ")
  })`

/** The statements `COMMENT ON` for a table or a view and its columns. */
export const comments = (kind: "TABLE" | "VIEW", qualified: string, table: Table) => [
  `COMMENT ON ${kind} ${qualified} IS ${literal(table.doc)}`,
  ...table.columns.map((column) => `COMMENT ON COLUMN ${qualified}.${name(column.name)} IS ${literal(column.doc)}`)
]
