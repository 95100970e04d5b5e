/**
 * The PostgreSQL database through which the workers of a fleet find each other and their work. Everything in it is in one
 * schema. It holds names of tenants and manifests, and never a secret or a row of a tenant.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import { Effect, Layer, Predicate, Redacted, Runtime, Schedule, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import * as Connection from "../../sinks/postgres/Connection.ts"
import * as DatabaseTarget from "../../sinks/postgres/DatabaseTarget.ts"
import * as Failure from "../../sinks/postgres/Failure.ts"
import { tls } from "../../sinks/postgres/Tls.ts"
import { ExitCode } from "../failure/ExitCode.ts"

/** The database cannot be used. */
export class BadFleetDatabase extends Schema.TaggedError<BadFleetDatabase>()("BadFleetDatabase", {
  detail: Schema.String,
  exit: Schema.Int
}) {
  override readonly [Runtime.errorExitCode] = this.exit
  override get message() {
    return `The database of the fleet cannot be used: ${this.detail}.`
  }
  get publicMessage() {
    return "The database of the fleet cannot be used; standard error says why."
  }
}

/** Whether the same statement may succeed later. The client does not know the codes of a server that starts or stops. */
const isPassing = ({ reason }: SqlError.SqlError) =>
  reason.isRetryable || reason._tag === "UnknownError" && Predicate.hasProperty(reason.cause, "code") &&
    Failure.reasonOf(reason.cause)._tag === "Unreachable"

const detailOf = ({ reason }: SqlError.SqlError) => {
  if (reason._tag === "ConnectionError") return "it cannot be reached"
  const known = Failure.reasonOf(reason.cause)
  return known._tag === "DiskFull" ? "its disk is full" : "detail" in known ? known.detail : reason._tag
}

/** A database that does not answer may come back; anything else is for a person. */
const failureOf = (error: SqlError.SqlError) =>
  new BadFleetDatabase({
    detail: detailOf(error),
    exit: isPassing(error) ? ExitCode.unavailable : ExitCode.cannotCreate
  })

/** Tries a statement again for a minute, while the database is restarting or another transaction is in the way. */
export const patiently = <A, R>(statement: Effect.Effect<A, SqlError.SqlError, R>) =>
  statement.pipe(
    Effect.retry({
      while: isPassing,
      schedule: Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 60 }))
    }),
    Effect.mapError(failureOf)
  )

const schemaOf = ({ schema }: DatabaseTarget.DatabaseTarget) => `${schema}_fleet`

/** The client of the database that a URL names, as for the sink `postgres`. The password comes from the settings. */
export const layer = (url: string) =>
  Layer.unwrap(Effect.gen(function*() {
    const target = yield* Effect.mapError(
      DatabaseTarget.parse(url),
      ({ detail }) => new BadFleetDatabase({ detail: `--database ${detail}`, exit: ExitCode.usage })
    )
    const { database, host, port, user } = target
    const ssl = yield* Effect.mapError(
      tls(target),
      () => new BadFleetDatabase({ detail: "the file of sslrootcert cannot be read", exit: ExitCode.config })
    )
    const password = yield* Effect.map(Connection.password, (given) =>
      given === undefined ? undefined : Redacted.make(given))
    const schema = schemaOf(target)
    const client = PgClient.layer({
      ...host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port },
      database,
      username: user,
      password,
      ssl,
      applicationName: "duo-mfa fleet",
      startupParameters: { search_path: `"${schema.replaceAll("\"", "\"\"")}"`, TimeZone: "UTC" },
      connectTimeout: "30 seconds"
    })
    const made = Layer.effectDiscard(Effect.flatMap(SqlClient.SqlClient, (sql) =>
      // two workers that start at the same time wait for each other here
      sql`SELECT pg_advisory_xact_lock(hashtextextended(${schema}, 0))`.pipe(
        Effect.andThen(sql`CREATE SCHEMA IF NOT EXISTS ${sql(schema)}`),
        Effect.andThen(sql`CREATE TABLE IF NOT EXISTS tenant_runs (
          pipeline text,
          tenant text,
          period text,
          attempt integer NOT NULL,
          run_id text,
          manifest text,
          published_at timestamptz,
          failure text,
          PRIMARY KEY (pipeline, tenant, period)
        )`),
        sql.withTransaction
      )))
    return Layer.provideMerge(made, client).pipe(
      Layer.catchTag("SqlError", (error) =>
        Layer.effectContext(Effect.fail(failureOf(error))))
    )
  }))
