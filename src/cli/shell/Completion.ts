/** Completes the word before the cursor: a table, a view, a macro, the name of a question, or its parameters. */
import { Effect } from "effect"
import type { Open } from "../ask/OpenLedger.ts"
import * as Parameters from "../ask/Parameters.ts"
import * as Queries from "../ask/Queries.ts"

/** The commands of the prompt, each with its explanation. */
export const commands: Readonly<Record<string, string>> = {
  ".all": "the last answer again, with all rows and columns",
  ".help": "this list",
  ".quit": "leave; so does Ctrl-D"
}

export interface Names {
  /** Tables, views, and macros with a parenthesis. */
  readonly tables: ReadonlyArray<string>
  /** The parameters of the questions, by the names of the questions. */
  readonly questions: ReadonlyMap<string, ReadonlyArray<string>>
}

/** All names that a session has. */
export const find = Effect.fnUntraced(
  function*({ at, session: { all } }: Pick<Open, "at" | "session">, dataDirectory: string) {
    const tables = yield* at(all(
      `SELECT view_name FROM duckdb_views() WHERE NOT internal
       UNION SELECT table_name FROM duckdb_tables() WHERE NOT internal AND database_name = current_database()
       UNION SELECT function_name || '(' FROM duckdb_functions() WHERE function_type = 'table_macro' AND NOT internal
       ORDER BY ALL`
    ))
    const queries = yield* Queries.all(dataDirectory)
    const names: Names = {
      tables: tables.flat().map(String),
      questions: new Map(queries.map(({ name, sql }) => [name, Parameters.parse(sql).map(({ name }) => name)]))
    }
    return names
  }
)

const startingWith = (start: string, names: Iterable<string>) =>
  [...names].filter((name) => start !== "" && name.toLowerCase().startsWith(start.toLowerCase()))

/** What may follow a line, and the part of the line that it replaces. */
export const complete = ({ questions, tables }: Names) => (line: string): [Array<string>, string] => {
  const [, question = "", parameter] = /^\s*@(\S*)(?:\s+(?:.*\s)?(\S*))?$/.exec(line) ?? []
  if (parameter !== undefined) {
    const names = (questions.get(question) ?? []).map((name) => `${name}=`)
    return [parameter === "" ? names : startingWith(parameter, names), parameter]
  }
  const [command] = /^\s*[.@]\S*$/.exec(line) ?? []
  if (command !== undefined) {
    const typed = command.trim()
    return [startingWith(typed, [...Object.keys(commands), ...[...questions.keys()].map((name) => `@${name}`)]), typed]
  }
  const [word = ""] = /\w*$/.exec(line) ?? []
  return [startingWith(word, tables), word]
}
