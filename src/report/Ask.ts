/** Runs queries of the ledger, and checks their rows with a schema. */
import { Effect, Schema } from "effect"
import type { Session } from "../duckdb/DuckDb.ts"
import type { SinkReason } from "../failure/SinkError.ts"

/** Whether the page may name people. Without names, no personal column is read. */
export type Pii = "keep" | "drop"

/** The rows of a query. DuckDB gives each row as JSON, because a page needs only texts, numbers, lists and null. */
export const ask = <Row>(
  { all }: Session,
  row: Schema.Codec<Row, unknown>,
  sql: string
): Effect.Effect<ReadonlyArray<Row>, SinkReason> => {
  const decode = Schema.decodeEffect(Schema.fromJsonString(row))
  return Effect.flatMap(
    all(`SELECT to_json(answer)::VARCHAR FROM (${sql}) answer`),
    Effect.forEach(([json]) => Effect.orDie(decode(String(json))))
  )
}

/** The row of a query that always has one row. */
export const askOne = <Row>(session: Session, row: Schema.Codec<Row, unknown>, sql: string) =>
  Effect.flatMap(ask(session, row, sql), ([first]) => Effect.orDie(Effect.fromNullishOr(first)))

/** Whether a view is there and has rows with a property. The views of a pipeline are there once it was run. */
export const hasRows = Effect.fnUntraced(function*(session: Session, view: string, where: string) {
  const [found] = yield* session.all(`SELECT 1 FROM duckdb_views() WHERE view_name = '${view}' AND NOT internal`)
  if (found === undefined) return false
  return (yield* session.all(`SELECT 1 FROM ${view} WHERE ${where} LIMIT 1`)).length > 0
})

/** SQL for the columns that identify a user. Without names it has NULL in their place. */
export const who = (pii: Pii, table: string) =>
  `${table}.user_id, ${pii === "keep" ? `${table}.username, ${table}.realname` : "NULL AS username, NULL AS realname"}`

/** The schema of the columns of `who`. */
export const Person = {
  user_id: Schema.String,
  username: Schema.NullOr(Schema.String),
  realname: Schema.NullOr(Schema.String)
}

/** A number of users, methods, runs or days. */
export const Count = Schema.Int
/** An instant, in milliseconds since 1970. */
export const Millis = Schema.Finite

/** SQL for an instant. */
export const at = (millis: number) => `make_timestamptz(${millis} * 1000)`
