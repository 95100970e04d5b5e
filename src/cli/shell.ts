/** `duo-mfa shell`: a prompt for the ledger, in `duckdb` if it is on the PATH. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import * as OpenLedger from "./ask/OpenLedger.ts"
import * as Executable from "./shared/Executable.ts"
import * as Settings from "./shared/Settings.ts"
import * as Conversation from "./shell/Conversation.ts"
import * as DuckDbProgram from "./shell/DuckDbProgram.ts"

export const shell = Command.make(
  "shell",
  {
    from: OpenLedger.parquetFlag,
    duckdb: Flag.Boolean("duckdb").pipe(
      Flag.withDescription(
        "Start duckdb if it is on the PATH; --no-duckdb for a prompt of our own, which answers @NAME; default: yes"
      ),
      Flag.withDefault(true)
    )
  },
  Effect.fnUntraced(function*({ duckdb, from }) {
    const dataDirectory = yield* Settings.dataDirectoryToRead
    const program = duckdb ? yield* Executable.find("duckdb") : undefined
    yield* program === undefined
      ? Conversation.run(dataDirectory, from)
      : DuckDbProgram.run(program, dataDirectory, from)
  }, Effect.scoped)
).pipe(
  Command.withDescription(
    "Ask the ledger at a prompt, or the statements on standard input; the ledger is only read"
  ),
  Command.withExamples([
    { command: "duo-mfa shell", description: "In duckdb if it is on the PATH, otherwise at our own prompt" },
    { command: "duo-mfa shell --no-duckdb", description: "At our own prompt: tab completes, @NAME asks a question" },
    { command: "duo-mfa shell --no-duckdb < questions.sql", description: "Several statements, as CSV if in a pipe" }
  ])
)
