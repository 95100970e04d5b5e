/** Standard output: what a command answers. Nothing that is shown there is obeyed by a terminal, whoever wrote it. */
import { Console, Effect, Stdio } from "effect"
import * as Json from "../text/Json.ts"
import * as Terminal from "../text/Terminal.ts"

/** Lines for people. */
export const print = (text: string) => Console.log(Terminal.lines(text))

/** An object for programs, on a line. */
export const json = (value: unknown) => Console.log(Json.stringify(value))

/** What a program reads as it is; on a terminal it is for people. */
export const data = Effect.fnUntraced(function*(text: string) {
  const isTerminal = yield* (yield* Stdio.Stdio).stdoutIsTerminal
  yield* isTerminal ? print(text) : Console.log(text)
})
