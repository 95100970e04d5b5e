/**
 * What `duo-mfa/sink` is: the shapes of a sink, and the parts that our own are made of, for those of others. A sink needs
 * none of the parts, but they are what passes the laws already.
 */
export * as DuckDb from "../duckdb/DuckDb.ts"
export * as Instant from "../duckdb/Instant.ts"
export * as Read from "../duckdb/Read.ts"
export * as RowsSql from "../duckdb/RowsSql.ts"
export { type Loss, refusal, Shrunk } from "../failure/Shrink.ts"
export * from "../failure/SinkError.ts"
export * as Files from "../files/Files.ts"
export * as RunFiles from "../files/RunFiles.ts"
export type { Outcome } from "../Outcome.ts"
export * from "../Sink.ts"
export type { Cell, Column, ColumnType, Row, Stamp, Table } from "../Table.ts"
