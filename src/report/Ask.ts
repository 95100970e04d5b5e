/** Queries of the ledger: SQL in, rows that a schema has checked out. */
import { Effect, Schema } from "effect"
import type { Session } from "../duckdb/DuckDb.ts"
import type { SinkReason } from "../failure/SinkError.ts"

/** Whether the page may name people. Without names, no personal column is read. */
export type Pii = "keep" | "drop"

/** The rows of a query. A row comes as JSON, which has everything that a page needs: texts, numbers and null. */
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

/** The columns that identify a user. */
export const who = (pii: Pii, table: string) =>
  `${table}.user_id, ${pii === "keep" ? `${table}.username, ${table}.realname` : "NULL AS username, NULL AS realname"}`

/** The columns of `who`. */
export const Person = {
  user_id: Schema.String,
  username: Schema.NullOr(Schema.String),
  realname: Schema.NullOr(Schema.String)
}

export const Count = Schema.Int
export const Millis = Schema.Finite

/** An instant in SQL. */
export const at = (millis: number) => `make_timestamptz(${millis} * 1000)`
