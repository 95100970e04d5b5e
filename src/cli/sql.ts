/** `duo-mfa sql`: read-only SQL on the ledger, or on the Parquet files. */
import { Console, Effect, Option, Runtime, Schema, Stdio } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { ExitCode } from "../ExitCode.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import * as Format from "./Format.ts"
import * as Ledger from "./Ledger.ts"
import * as Queries from "./Queries.ts"
import * as Settings from "./Settings.ts"

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

const list = (queries: ReadonlyArray<Queries.Query>) =>
  queries.map(({ doc, name }) => `@${name.padEnd(20)} ${doc}`).join("\n")

export const sql = Command.make(
  "sql",
  {
    query: Argument.String("query").pipe(
      Argument.withDescription("SQL for DuckDB, or @NAME of a query; @ lists them; an overview if not given"),
      Argument.optional
    ),
    parameters: Argument.String("parameter").pipe(
      Argument.withDescription("NAME=VALUE, which the query has as getvariable('NAME')"),
      Argument.variadic()
    ),
    from: Ledger.from,
    format: Flag.Literals("format", Format.formats).pipe(
      Flag.withDescription("A table on a terminal, csv elsewhere"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*({ format, from, parameters, query }) {
    const dataDirectory = yield* Settings.dataDirectory
    const asked = Option.getOrElse(query, () => overview)
    if (asked === "@") return yield* Console.log(list(yield* Queries.all(dataDirectory)))
    const text = asked.startsWith("@") ? (yield* Queries.find(dataDirectory, asked.slice(1))).sql : asked
    const values = yield* Effect.forEach(parameters, Queries.parameter)
    const { connection, run } = (yield* Ledger.open(dataDirectory, from)).session
    for (const [name, value] of values) {
      yield* Effect.orDie(run(`SET VARIABLE ${DuckDb.name(name)} = ${DuckDb.literal(value)}`))
    }
    const result = yield* DuckDb.interruptible(
      connection,
      () => connection.runAndReadAll(text),
      (error) => new BadQuery({ detail: error instanceof Error ? error.message : String(error) })
    )
    const isTerminal = yield* (yield* Stdio.Stdio).stdoutIsTerminal
    const printed = Format.print(Option.getOrElse(format, () => isTerminal ? "table" : "csv"), result)
    if (printed !== "") yield* Console.log(printed)
  }, Effect.scoped)
).pipe(Command.withDescription("Ask the ledger in SQL, read-only"))
