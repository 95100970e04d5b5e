/** The ledger of a data directory, to ask questions of: the ledger itself, or its names over the Parquet files. */
import { Effect, FileSystem, Path, Runtime, Schema } from "effect"
import { Flag } from "effect/cli"
import { ExitCode } from "../ExitCode.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import * as Files from "../staging/Files.ts"
import { Catalog } from "./Catalog.ts"

/** There is nothing to ask. */
export class NoLedger extends Schema.TaggedError<NoLedger>()("NoLedger", { ledger: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `There is no ledger at ${this.ledger} yet. Run duo-mfa extract, or set DUO_MFA_DATA.`
  }
}

/** Which of the two is asked. */
export const from = Flag.Boolean("parquet").pipe(
  Flag.withDescription("Ask the Parquet files instead of the ledger"),
  Flag.withDefault(false),
  Flag.map((parquet): "ledger" | "parquet" => parquet ? "parquet" : "ledger")
)

export type Open = Effect.Success<ReturnType<typeof open>>

/** A session that ends with the scope, and what says of its failures where they befell it. */
export const open = Effect.fnUntraced(function*(dataDirectory: string, from: "ledger" | "parquet") {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const sink = yield* (yield* Catalog).findSink(from === "parquet" ? "parquet" : "duckdb")
  const location = sink.location(dataDirectory)
  const at = Files.at(sink.name, location)
  const file = from === "parquet" ? path.join(location, "views.sql") : location
  if (!(yield* at(Files.exists(file)))) return yield* new NoLedger({ ledger: file })
  if (from === "ledger") return { session: yield* at(DuckDb.open({ file, unbounded: true })), at }
  const session = yield* at(DuckDb.open({ unbounded: true }))
  yield* at(Effect.mapError(fs.readFileString(file), Files.reasonOf).pipe(Effect.flatMap(session.run)))
  return { session, at }
})
