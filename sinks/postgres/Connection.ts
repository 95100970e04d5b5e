/**
 * A connection to PostgreSQL for the sink: scoped, one statement at a time, with rows in and out as text. The client is
 * loaded when it is first needed.
 */
import { Config, Effect, type FileSystem, Option, Redacted, type Scope, Stream } from "effect"
import { pipeline } from "node:stream/promises"
import { CannotCreate, type SinkReason } from "../../src/failure/SinkError.ts"
import type { DatabaseTarget } from "./DatabaseTarget.ts"
import { reasonOf } from "./Failure.ts"
import { tls } from "./Tls.ts"

/** The text of a value of any type. */
export type Text = string | null

export interface Connection {
  /** Runs statements and ignores their rows. */
  readonly run: (sql: string) => Effect.Effect<void, SinkReason>
  /** All rows of a small result; `$1` is the first value. */
  readonly all: (
    sql: string,
    values?: ReadonlyArray<Text>
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<Text>>, SinkReason>
  /** Sends lines in COPY's text format, and gives the number of rows that were copied. */
  readonly copy: (sql: string, lines: Stream.Stream<string, SinkReason>) => Effect.Effect<number, SinkReason>
}

const library = Effect.tryPromise({
  try: () => Promise.all([import("pg"), import("pg-copy-streams")]),
  catch: (cause) => new CannotCreate({ detail: `the client library for PostgreSQL cannot be loaded: ${String(cause)}` })
})

/** The largest number of rows of a result in memory at once. */
const rowsMax = 2048

/** Milliseconds to wait for a connection and for locks. */
const patience = 30_000

/**
 * Times are in UTC. The search path has no schema in which other users can create objects. A commit is on the disk when it
 * returns. Statements have no time limit, but they wait for a lock at most 30 seconds.
 */
const settings =
  `SET search_path = pg_catalog; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET synchronous_commit = on;
  SET statement_timeout = 0; SET idle_session_timeout = 0; SET lock_timeout = ${patience}`

/** The password in the settings. Without one, the client looks into the file of passwords. */
export const password = Effect.map(
  Effect.orDie(Config.option(Config.Redacted("PGPASSWORD"))),
  (given) => Option.getOrUndefined(Option.map(given, Redacted.value))
)

/** A connection that ends with the scope. */
export const open = Effect.fnUntraced(
  function*(target: DatabaseTarget): Effect.fn.Return<Connection, SinkReason, FileSystem.FileSystem | Scope.Scope> {
    const [{ Client }, { from }] = yield* library
    const ssl = yield* tls(target)
    const secret = yield* password
    const { database, host, port, user } = target
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const client = new Client({
          host,
          port,
          user,
          database,
          ssl,
          ...secret === undefined ? {} : { password: secret },
          application_name: "duo-mfa",
          connectionTimeoutMillis: patience,
          keepAlive: true,
          keepAliveInitialDelayMillis: patience,
          sslnegotiation: "postgres",
          types: { getTypeParser: () => (text: Text) => text }
        })
        // without a listener, an error between two statements would end the process; the next statement reports it
        client.on("error", () => undefined)
        return client
      }),
      (client) => Effect.promise(() => Promise.allSettled([client.end()]))
    )
    const awaiting = <A>(begin: (signal: AbortSignal) => Promise<A>) =>
      Effect.tryPromise({ try: begin, catch: reasonOf })
    const run = (sql: string) => Effect.asVoid(awaiting(() => client.query(sql)))
    yield* awaiting(() => client.connect())
    yield* run(settings)
    return {
      run,
      all: (sql, values = []) =>
        Effect.map(
          awaiting(() => client.query<Array<Text>>({ text: sql, values: [...values], rowMode: "array" })),
          ({ rows }) => rows
        ),
      copy: (sql, lines) =>
        awaiting(async (signal) => {
          const into = client.query(from(sql))
          await pipeline(Stream.toAsyncIterable(lines), into, { signal })
          return into.rowCount
        })
    }
  }
)

/** Streams the rows of a query, in a transaction that does not see concurrent changes. */
export const stream = (
  { all, run }: Connection,
  sql: string
): Effect.Effect<Stream.Stream<ReadonlyArray<ReadonlyArray<Text>>, SinkReason>, SinkReason> =>
  Effect.as(
    run(`BEGIN READ ONLY; DECLARE row_cursor NO SCROLL CURSOR FOR ${sql}`),
    Stream.paginate(0, (read) =>
      Effect.map(all(`FETCH FORWARD ${rowsMax} FROM row_cursor`), (rows) =>
        rows.length === 0 ? [[], Option.none<number>()] as const : [[rows], Option.some(read + rows.length)] as const))
  )
