/**
 * What `duo-mfa/sink` is: the shapes of a sink, and the parts that our own are made of, for those of others. A sink needs
 * none of the parts, but they are what passes the laws already.
 */
export type { Outcome } from "../Outcome.ts"
export { type Loss, refusal, Shrunk } from "../Shrink.ts"
export * from "../Sink.ts"
export * as DuckDb from "../staging/DuckDb.ts"
export * as Files from "../staging/Files.ts"
export * as Instant from "../staging/Instant.ts"
export * as Read from "../staging/Read.ts"
export * as RowsSql from "../staging/RowsSql.ts"
export * as RunFiles from "../staging/RunFiles.ts"
export type { Cell, Column, ColumnType, Row, Stamp, Table } from "../Table.ts"
