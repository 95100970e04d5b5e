/** Finds the query that `sql` is asked: SQL on the command line, in a file or on standard input, or a named query. */
import { Effect, FileSystem, Option, Runtime, Schema, Stdio, Stream } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import * as Parameters from "./Parameters.ts"
import * as Queries from "./Queries.ts"

/** The command line has a query, and a file with one too. */
export class QueryGivenTwice extends Schema.TaggedError<QueryGivenTwice>()("QueryGivenTwice", { file: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `--file ${this.file} has the query, and the command line has one too. Leave one of them out; ` +
      "after a file, only NAME=VALUE can follow."
  }
}

/** The SQL cannot be read from its file, or from standard input. */
export class UnreadableSql extends Schema.TaggedError<UnreadableSql>()("UnreadableSql", {
  place: Schema.String,
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `No SQL can be read from ${this.place}: ${this.detail}.`
  }
}

/** `--write-files` was given for a query that was not typed. Only SQL on the command line may write files. */
export class WriteFilesNotTyped
  extends Schema.TaggedError<WriteFilesNotTyped>()("WriteFilesNotTyped", { place: Schema.String })
{
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `--write-files works only for SQL on the command line, and this is from ${this.place}.`
  }
}

export interface Question {
  readonly sql: string
  /** The name of a named query, without its @. */
  readonly name: string | undefined
  /** The place of SQL that is not on the command line. */
  readonly place: string | undefined
  /** Its parameters, as they were typed. */
  readonly given: ReadonlyArray<string>
}

/** The name of standard input, in the place of a query or a file. */
const dash = "-"

const readInput = Effect.gen(function*() {
  const { stdin } = yield* Stdio.Stdio
  return yield* Stream.mkString(Stream.decodeText(stdin))
}).pipe(
  Effect.mapError(() => new UnreadableSql({ place: "standard input", detail: "it is not readable. Pipe SQL into it" }))
)

const readFile = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* Effect.mapError(fs.readFileString(file), ({ reason }) =>
    new UnreadableSql({
      place: file,
      detail: reason._tag === "NotFound"
        ? "there is no such file. Check its path, which starts in the working directory"
        : reason._tag === "PermissionDenied"
        ? "you may not read it. Make it readable"
        : "it is not a file with text"
    }))
})

/** The list of queries, each with its question and its parameters. */
export const list = (queries: ReadonlyArray<Queries.NamedQuery>): string =>
  queries.flatMap(({ doc, name, sql }) => [
    `@${name.padEnd(20)} ${doc}`,
    ...Parameters.parse(sql).map((parameter) => `${" ".repeat(22)}${Parameters.describe(parameter)}`)
  ]).join("\n")

/** The arguments and flags of the command line. `query` is the first argument. */
export interface Typed {
  readonly query: Option.Option<string>
  readonly file: Option.Option<string>
  readonly parameters: ReadonlyArray<string>
}

/** The query that is asked, and its parameters. `otherwise` is the SQL if the command line has none. */
export const find = Effect.fnUntraced(
  function*(dataDirectory: string, { file, parameters, query }: Typed, otherwise: string) {
    if (Option.isSome(file)) {
      // the file has the query, so the first argument is a parameter
      if (Option.exists(query, (text) => !Parameters.isPair(text))) {
        return yield* new QueryGivenTwice({ file: file.value })
      }
      return yield* read(file.value, [...Option.toArray(query), ...parameters])
    }
    const typed = Option.getOrElse(query, () => otherwise)
    if (typed === dash) return yield* read(dash, parameters)
    if (!typed.startsWith("@")) return question({ sql: typed, given: parameters })
    const name = typed.slice(1)
    return question({ sql: (yield* Queries.find(dataDirectory, name)).sql, name, place: typed, given: parameters })
  }
)

const question = (of: Pick<Question, "sql" | "given"> & Partial<Question>): Question => ({
  name: undefined,
  place: undefined,
  ...of
})

const read = (place: string, given: ReadonlyArray<string>) =>
  place === dash
    ? Effect.map(readInput, (sql) => question({ sql, place: "standard input", given }))
    : Effect.map(readFile(place), (sql) => question({ sql, place, given }))
