/**
 * Standard output: the answer of a command. Text from Duo cannot control the terminal. An answer that cannot be written
 * is a failure, but a reader who closes the pipe is not.
 */
import { Console, Effect, Fiber, Runtime, Schema, Stdio } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import * as StandardOutput from "../../files/StandardOutput.ts"
import * as Json from "../../text/Json.ts"
import * as Terminal from "../../text/Terminal.ts"

/** Standard output could not be written to its end. */
export class LostOutput extends Schema.TaggedError<LostOutput>()("LostOutput", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.io
  readonly publicMessage = "Standard output cannot be written: some of the answer is lost."
  override get message() {
    return `Standard output cannot be written (${this.detail}): some of the answer is lost. Free some space or write elsewhere, and ask again.`
  }
}

/** Text as it is. */
export const write = (text: string) =>
  StandardOutput.write(text).pipe(Effect.catchTag("InputOutput", ({ detail }) => new LostOutput({ detail })))

const line = (text: string) => write(`${text}\n`).pipe(Effect.catchTag("ReaderLeft", () => Effect.void))

/** Lines for people. */
export const print = (text: string) => line(Terminal.lines(text))

/** An object for programs, on a line. */
export const json = (value: unknown) => line(Json.stringify(value))

/** Writes text in pieces: unchanged for programs, made harmless for terminals. Fails if the reader closed the pipe. */
export const writer = Effect.map(
  Effect.flatMap(Stdio.Stdio, ({ stdoutIsTerminal }) => stdoutIsTerminal),
  (isTerminal) => (text: string) => write(isTerminal ? Terminal.lines(text) : text)
)

/** The width of the terminal. Some terminals do not know theirs. */
export const width = () => process.stdout.columns || 80

/** Writes such text at once. */
export const printText = Effect.fnUntraced(function*(text: string) {
  const write = yield* writer
  yield* write(`${text}\n`)
}, Effect.catchTag("ReaderLeft", () => Effect.void))

/** Sends the library's own output, such as help and the version, to standard output in order, and waits for it. */
export const withLibraryOutput = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    const lines: Array<Fiber.Fiber<void, LostOutput>> = []
    const log = (...parts: ReadonlyArray<unknown>) => {
      lines.push(fork(line(parts.join(" "))))
    }
    const own: Console.Console = Object.assign(Object.create(yield* Console.Console), { log })
    const exit = yield* Effect.exit(Effect.provideService(program, Console.Console, own))
    yield* Fiber.joinAll(lines)
    return yield* exit
  })
