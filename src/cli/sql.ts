/** `duo-mfa sql`: read-only SQL on the ledger, or on the Parquet files. */
import { Effect, Option, Stdio } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Asking from "./ask/Asking.ts"
import * as OpenLedger from "./ask/OpenLedger.ts"
import * as Parameters from "./ask/Parameters.ts"
import * as Queries from "./ask/Queries.ts"
import * as QueryOutput from "./ask/QueryOutput.ts"
import * as Question from "./ask/Question.ts"
import * as Select from "./ask/Select.ts"
import * as Settings from "./shared/Settings.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Format from "./terminal/Format.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** The default query: how well the users of each tenant are protected. */
const overview = `
  SELECT tenant, strongest, count(*) AS users, count(*) FILTER (is_bypass) AS of_these_on_bypass
  FROM users GROUP BY ALL ORDER BY tenant, users DESC`

export const sql = Command.make(
  "sql",
  {
    query: Argument.String("query").pipe(
      Argument.withDescription(
        "SQL of DuckDB, - to read it from standard input, or @NAME of a question; @ lists them; default: an overview"
      ),
      Argument.optional
    ),
    parameters: Argument.String("parameter").pipe(
      Argument.withDescription(
        "NAME=VALUE: what @NAME takes, as @ lists it. Your own SQL reads it as getvariable('NAME')"
      ),
      Argument.variadic()
    ),
    file: Flag.String("file").pipe(
      Flag.withAlias("f"),
      Flag.withDescription("Read the SQL from this file; default: the SQL is on the command line"),
      Flag.withMetavar("FILE"),
      Flag.optional
    ),
    from: OpenLedger.parquetFlag,
    timeout: Select.timeout,
    writeFiles: Flag.Boolean("write-files").pipe(
      Flag.withDescription(
        "Allow one COPY … TO, which can then read and write every file that you can"
      ),
      Flag.withDefault(false)
    ),
    all: Flag.Boolean("all").pipe(
      Flag.withDescription(
        `Show all rows and columns on a terminal, page by page; without it, at most ${QueryOutput.rowsMax} rows and the columns that fit`
      ),
      Flag.withDefault(false)
    ),
    format: Flag.Literals("format", Format.formats).pipe(
      Flag.withDescription("Default: a table on a terminal, csv elsewhere"),
      Flag.withMetavar("FORMAT"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*({ all, file, format, from, parameters, query, timeout, writeFiles }) {
    const dataDirectory = yield* Settings.dataDirectoryToRead
    if (Option.contains(query, "@") && Option.isNone(file)) {
      yield* Stdout.print(Question.list(yield* Queries.all(dataDirectory)))
      return yield* Stderr.next(`${commandName()} sql @NAME`)
    }
    const question = yield* Question.find(dataDirectory, { file, parameters, query }, overview)
    if (writeFiles && question.place !== undefined) {
      return yield* new Question.WriteFilesNotTyped({ place: question.place })
    }
    const values = yield* Parameters.read(question, question.given)
    const ledger = yield* Asking.open(dataDirectory, from, { writeFiles })
    const isTerminal = yield* (yield* Stdio.Stdio).stdoutIsTerminal
    yield* Asking.ask(ledger, question, values, {
      kinds: [writeFiles ? "COPY" : "SELECT"],
      timeout,
      output: {
        format: Option.getOrElse(format, () => isTerminal ? "table" : "csv"),
        width: isTerminal && !all ? Stdout.width() : undefined,
        forAll: "--all",
        isPaged: isTerminal && all
      }
    })
    if (Option.isNone(query) && Option.isNone(file)) yield* Stderr.next(`${commandName()} sql @ lists questions`)
  }, Effect.scoped)
).pipe(
  Command.withDescription("Ask the ledger in SQL: one SELECT, which reads the ledger and nothing else"),
  Command.withExamples([
    { command: "duo-mfa sql @", description: "List the questions" },
    {
      command: "duo-mfa sql @regressions days=30",
      description: "Who lost their last phishing-resistant method in the last 30 days?"
    },
    {
      command: "duo-mfa sql \"SELECT username FROM users WHERE NOT mfa_enabled\"",
      description: "A question of your own"
    },
    { command: "duo-mfa sql -f question.sql days=30", description: "The same from a file, with a value for it" },
    { command: "duo-mfa sql @coverage --format markdown", description: "The answer for a wiki" }
  ])
)
