/** The questions of `init`. Only the question itself shows what is typed, so that a secret never shows by accident. */
import { Effect, Queue, Redacted, Result, Runtime, Schema, Stdio, Terminal } from "effect"
import { Prompt } from "effect/cli"
import { ExitCode } from "../../failure/ExitCode.ts"
import { commandName } from "../terminal/CommandName.ts"
import * as Pasted from "./Pasted.ts"

/** There is no terminal to ask on. */
export class NoTerminal extends Schema.TaggedError<NoTerminal>()("NoTerminal", {}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `init asks questions, and this is not a terminal. Set DUO_IKEY, DUO_SKEY_FILE (or DUO_SKEY) and DUO_HOST instead, in the environment or in .env (0600), and run ${commandName()} check.`
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
 * Runs a conversation on the terminal. The echo stays off from the first question to the last, even while Duo is asked.
 * Ctrl-C is therefore not a signal but a key, and stops the conversation as Ctrl-D and Escape do.
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

/** The previous answers. */
export type PreviousAnswers = { readonly [Name in keyof Answers]: Answers[Name] | undefined }

/** A question; Enter keeps the previous answer, which `shown` names. */
const messageOf = (message: string, shown: string | undefined) =>
  shown === undefined ? message : `${message} (Enter keeps ${shown})`

const visible = (
  message: string,
  before: string | undefined,
  understand: (text: string) => Result.Result<string, string>
) =>
  Prompt.String({
    message: messageOf(message, before),
    validate: (text) =>
      text.trim() === "" && before !== undefined ? Effect.succeed(before) : Effect.fromResult(understand(text))
  })

/** Asks for the secret key until it can be one. Each attempt begins with an empty field, because nobody can see it. */
const secret = (before: Answers["skey"] | undefined, wrong?: string): Prompt.Prompt<Answers["skey"]> => {
  const message = messageOf("Secret key, not shown", before && "it")
  return Prompt.Hidden({ message: wrong === undefined ? message : `${wrong} ${message}` }).pipe(
    Prompt.flatMap((text) => {
      if (before !== undefined && Redacted.value(text).trim() === "") return Prompt.succeed(before)
      const answer = Pasted.skey(Redacted.value(text))
      return Result.isSuccess(answer) ? Prompt.succeed(answer.success) : secret(before, answer.failure)
    })
  )
}

/** The three settings in the order of Duo's page. */
export const keys = ({ host, ikey, skey }: PreviousAnswers, allowLoopback: boolean) =>
  ask(Prompt.all({
    ikey: visible("Integration key", ikey, Pasted.ikey),
    skey: secret(skey),
    host: visible("API hostname", host, (text) => Pasted.host(text, allowLoopback))
  }))

/** Asks what to do with answers that did not work. */
export const askAfterFailure = ask(Prompt.Select({
  message: "What now?",
  choices: [
    { title: "Answer again", value: "again" },
    { title: "Write them to .env all the same", value: "write" },
    { title: "Stop, and write nothing", value: "stop" }
  ]
}))

/** Asks whether `.env` may be changed. */
export const confirmChange = ask(Prompt.Confirm({ message: "Change .env?", initial: true }))
