/** DuckDB in this process, to read the files that other programs have written. */
import { DuckDBInstance } from "@duckdb/node-api"
import { Effect } from "effect"

/** A connection that closes with the scope, to a database in memory or read-only to a file. */
export const open = Effect.fnUntraced(function*(file?: string) {
  const instance = yield* Effect.acquireRelease(
    Effect.promise(() => DuckDBInstance.create(file, file === undefined ? {} : { access_mode: "READ_ONLY" })),
    (instance) => Effect.sync(() => instance.closeSync())
  )
  const connection = yield* Effect.acquireRelease(
    Effect.promise(() => instance.connect()),
    (connection) => Effect.sync(() => connection.closeSync())
  )
  const run = (sql: string) => Effect.promise(() => connection.run(sql)).pipe(Effect.asVoid)
  yield* run("SET TimeZone = 'UTC'")
  return {
    run,
    /** The rows of a small result, as text. */
    text: (sql: string) =>
      Effect.promise(() => connection.runAndReadAll(sql)).pipe(
        Effect.map((result) => result.getRows().map((row) => row.map(String).join(" ")).join("\n"))
      )
  }
})
