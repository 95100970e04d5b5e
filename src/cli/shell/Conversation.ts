/** The prompt of duo-mfa: questions and answers, in the same sandbox as those of `sql`. */
import { Effect, Option, Runtime, Schema, Stdio } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import * as Suggestion from "../../text/Suggestion.ts"
import * as Asking from "../ask/Asking.ts"
import * as Parameters from "../ask/Parameters.ts"
import * as Queries from "../ask/Queries.ts"
import * as Question from "../ask/Question.ts"
import { shortPath } from "../shared/Summary.ts"
import * as Stderr from "../terminal/Stderr.ts"
import * as Stdout from "../terminal/Stdout.ts"
import * as Completion from "./Completion.ts"
import * as Prompt from "./Prompt.ts"
import * as Statements from "./Statements.ts"

/** A line begins with a dot, and is not a command of the prompt. */
export class UnknownCommand extends Schema.TaggedError<UnknownCommand>()("UnknownCommand", { name: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return Suggestion.unknown("command", this.name, Object.keys(Completion.commands))
  }
}

const entry = ([name, doc]: readonly [name: string, doc: string]) => `  ${name.padEnd(20)} ${doc}`

const examples = [
  ["FROM users LIMIT 5;", "SQL, up to a semicolon; SHOW TABLES; lists the tables"],
  ["@at-risk", "a question that has a name; @ lists them"]
] as const

/** `@name x=1 y='two words'` as words without their quotes. */
const wordsOf = (line: string) =>
  (line.match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? []).map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"))

/** Answers what is typed until it ends. A person goes on after an error; a script ends with it. */
export const run = Effect.fnUntraced(function*(dataDirectory: string, from: "ledger" | "parquet") {
  const ledger = yield* Asking.open(dataDirectory, from)
  const isTerminal = yield* (yield* Stdio.Stdio).stdoutIsTerminal
  const prompt = yield* Prompt.open(Completion.complete(yield* Completion.find(ledger, dataDirectory)))

  const answer = Effect.fnUntraced(function*(question: Question.Question, isWhole: boolean) {
    const values = yield* Parameters.read(question, question.given)
    // another connection does not see the variables that were set before
    const session = question.name === undefined ? ledger.session : yield* ledger.at(ledger.session.another)
    yield* Asking.ask({ ...ledger, session }, question, values, {
      kinds: ["SELECT", "SET"],
      timeout: Option.none(),
      output: {
        format: isTerminal ? "table" : "csv",
        width: isTerminal && !isWhole ? Stdout.width() : undefined,
        forAll: ".all",
        isPaged: false
      }
    })
  }, Effect.scoped)

  const attempt = <E extends ExpectedFailure, R>(effect: Effect.Effect<void, E, R>) =>
    prompt.isPerson
      ? Effect.raceFirst(effect, Effect.andThen(prompt.cancelled, Effect.sync(() => Stderr.print("Cancelled.")))).pipe(
        Effect.catch((error) => Effect.sync(() => Stderr.complain(error.message, { error: error._tag })))
      )
      : effect

  const find = (text: string) => {
    const [query = "", ...parameters] = wordsOf(text.replace(/;\s*$/, ""))
    return Question.find(dataDirectory, { query: Option.some(query), file: Option.none(), parameters }, "")
  }
  const typed = (sql: string): Question.Question => ({ sql, name: undefined, place: undefined, given: [] })

  let last = typed("")
  const ask = <R>(question: Effect.Effect<Question.Question, ExpectedFailure, R>, isWhole = false) =>
    attempt(Effect.flatMap(question, (found) => {
      last = found
      return answer(found, isWhole)
    }))

  if (prompt.isPerson) {
    Stderr.hint(`The ledger in ${shortPath(dataDirectory)}, read-only. Times are in UTC.`)
    Stderr.hint([...examples, [".help", "what else there is; .quit leaves"] as const].map(entry).join("\n"))
  }
  let rest = ""
  for (;;) {
    const input = yield* prompt.read(rest === "" ? "duo> " : "...> ")
    if (input === "end") break
    if (input === "cancelled") {
      rest = ""
      continue
    }
    const line = input.line.trim()
    if (rest === "" && line.startsWith(".")) {
      if (line === ".quit" || line === ".exit") return
      if (line === ".all") yield* ask(Effect.succeed(last), true)
      else if (line === ".help") {
        yield* Stdout.print([...examples, ...Object.entries(Completion.commands)].map(entry).join("\n"))
      } else yield* attempt(Effect.fail(new UnknownCommand({ name: line })))
    } else if (rest === "" && line === "@") {
      yield* attempt(Effect.flatMap(Queries.all(dataDirectory), (queries) => Stdout.print(Question.list(queries))))
    } else if (rest === "" && line.startsWith("@")) {
      yield* ask(find(line))
    } else {
      const split = Statements.split(`${rest}${input.line}\n`)
      rest = split.rest
      for (const statement of split.statements) yield* ask(Effect.succeed(typed(statement)))
    }
  }
  if (prompt.isPerson) Stderr.print("")
  else if (rest !== "") yield* ask(Effect.succeed(typed(rest)))
})
