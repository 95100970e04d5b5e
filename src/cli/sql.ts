/** `duo-mfa sql`: read-only SQL on the ledger. */
import { Console, Effect, Option, Runtime, Schema, Stdio } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { ExitCode } from "../ExitCode.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import * as Files from "../staging/Files.ts"
import { Catalog } from "./Catalog.ts"
import * as Format from "./Format.ts"
import * as Settings from "./Settings.ts"

/** There is no ledger to ask. */
export class NoLedger extends Schema.TaggedError<NoLedger>()("NoLedger", { ledger: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `There is no ledger at ${this.ledger} yet. Run duo-mfa extract, or set DUO_MFA_DATA.`
  }
}

/** DuckDB refuses the query. */
export class BadQuery extends Schema.TaggedError<BadQuery>()("BadQuery", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return this.detail
  }
}

/** What is asked when nothing is: how well the users of each tenant are protected. */
const overview = `
  SELECT tenant, strongest, count(*) AS users, count(*) FILTER (is_bypass) AS of_these_on_bypass
  FROM users GROUP BY ALL ORDER BY tenant, users DESC`

export const sql = Command.make(
  "sql",
  {
    query: Argument.String("query").pipe(
      Argument.withDescription("SQL for DuckDB; an overview if not given"),
      Argument.optional
    ),
    format: Flag.Literals("format", Format.formats).pipe(
      Flag.withDescription("A table on a terminal, csv elsewhere"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*({ format, query }) {
    const ledger = (yield* (yield* Catalog).findSink("duckdb")).location(yield* Settings.dataDirectory)
    const at = Files.at("duckdb", ledger)
    if (!(yield* at(Files.exists(ledger)))) return yield* new NoLedger({ ledger })
    const { connection } = yield* at(DuckDb.open({ file: ledger }))
    const result = yield* DuckDb.interruptible(
      connection,
      () => connection.runAndReadAll(Option.getOrElse(query, () => overview)),
      (error) => new BadQuery({ detail: error instanceof Error ? error.message : String(error) })
    )
    const isTerminal = yield* (yield* Stdio.Stdio).stdoutIsTerminal
    const text = Format.print(Option.getOrElse(format, () => isTerminal ? "table" : "csv"), result)
    if (text !== "") yield* Console.log(text)
  }, Effect.scoped)
).pipe(Command.withDescription("Ask the ledger in SQL, read-only"))
