/** The questions of `init`, and the terminal while they are asked: nothing that is typed shows but by what asks for it. */
import { Effect, Queue, Redacted, Result, Runtime, Schema, Stdio, Terminal } from "effect"
import { Prompt } from "effect/cli"
import { ExitCode } from "../../failure/ExitCode.ts"
import * as Understood from "./Answers.ts"

/** There is nobody to ask. */
export class NoTerminal extends Schema.TaggedError<NoTerminal>()("NoTerminal", {}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return "init asks questions, and this is no terminal. Set DUO_IKEY, DUO_SKEY_FILE (or DUO_SKEY) and DUO_HOST instead, in the environment or in .env (0600), and run duo-mfa check."
  }
}

const isTerminal = Effect.map(
  Effect.flatMap(
    Stdio.Stdio,
    ({ stdinIsTerminal, stdoutIsTerminal }) => Effect.all([stdinIsTerminal, stdoutIsTerminal])
  ),
  (both) => both.every((is) => is) && process.env["TERM"] !== "dumb"
)

/**
 * Has a conversation with whoever is at the terminal. Its echo stays off from the first question to the last, also while
 * Duo is asked, and so Ctrl-C is no signal but a key that stops it, as Ctrl-D and Escape do.
 */
export const converse = <A, E, R>(conversation: Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.gen(function*() {
    if (!(yield* isTerminal)) return yield* new NoTerminal()
    const keys = yield* (yield* Terminal.Terminal).readInput
    const stopped = Effect.forever(Queue.take(keys)).pipe(Effect.catch(() => Effect.interrupt))
    return yield* Effect.raceFirst(conversation, stopped)
  }))

const ask = <A>(prompt: Prompt.Prompt<A>) => Effect.catchTag(Prompt.run(prompt), "QuitError", () => Effect.interrupt)

export interface Answers {
  readonly ikey: string
  readonly skey: Redacted.Redacted<string>
  readonly host: string
}

/** What was answered before. */
export type PreviousAnswers = { readonly [Name in keyof Answers]: Answers[Name] | undefined }

/** What was answered before need not be typed again; `shown` is how that is called. */
const question = (
  message: string,
  before: string | undefined,
  shown: string | undefined,
  understand: (text: string) => Result.Result<string, string>
) => ({
  message: before === undefined ? message : `${message} (Enter keeps ${shown})`,
  validate: (text: string) =>
    text.trim() === "" && before !== undefined ? Effect.succeed(before) : Effect.fromResult(understand(text))
})

/** The three in the order in which Duo's page has them. */
export const keys = ({ host, ikey, skey }: PreviousAnswers, allowLoopback: boolean) =>
  ask(Prompt.all({
    ikey: Prompt.String(question("Integration key", ikey, ikey, Understood.ikey)),
    skey: Prompt.Hidden(
      question(
        "Secret key, not shown",
        skey && Redacted.value(skey),
        "it",
        (text) => Result.map(Understood.skey(text), Redacted.value)
      )
    ),
    host: Prompt.String(question("API hostname", host, host, (text) => Understood.host(text, allowLoopback)))
  }))

/** What to do with answers that did not work. */
export const whatNow = ask(Prompt.Select({
  message: "What now?",
  choices: [
    { title: "Answer again", value: "again" },
    { title: "Write them to .env all the same", value: "write" },
    { title: "Stop, and write nothing", value: "stop" }
  ]
}))

/** Whether the changes are wanted. */
export const wanted = ask(Prompt.Confirm({ message: "Change .env?", initial: true }))
