/**
 * The module `duo-mfa/sink`, for sinks in other packages: the types of a sink, and the parts that our own sinks are
 * made of. A sink does not need these parts, but they already pass the laws.
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
