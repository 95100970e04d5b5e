/**
 * Reads lines from a person or from a pipe. The history of a prompt is in memory only: a question may name a person, and
 * no file outside of the data directory keeps that.
 */
import { Effect, Queue, Stdio } from "effect"
import { createInterface } from "node:readline"
import * as Stderr from "../terminal/Stderr.ts"

export type Input = { readonly line: string } | "cancelled" | "end"

type Complete = (line: string) => [Array<string>, string]

/** Opens the prompt. The scope gives the terminal back. */
export const open = Effect.fnUntraced(function*(complete: Complete) {
  const isPerson = yield* (yield* Stdio.Stdio).stdinIsTerminal
  const inputs = yield* Queue.unbounded<Input>()
  const cancels = yield* Queue.unbounded<Input>()
  const lines = yield* Effect.acquireRelease(
    Effect.sync(() =>
      createInterface({
        input: process.stdin,
        // standard output is for answers, and may be a file
        ...isPerson ? { output: process.stderr, completer: complete, removeHistoryDuplicates: true } : {},
        terminal: isPerson && Stderr.isTerminal
      })
    ),
    (lines) => Effect.sync(() => lines.close())
  )
  let isIdle = true
  lines.on("line", (line) => {
    isIdle = false
    Queue.offerUnsafe(inputs, { line })
  })
  lines.on("close", () => Queue.offerUnsafe(inputs, "end"))
  lines.on("SIGINT", () => {
    // removes the line that is not finished
    lines.write(null, { ctrl: true, name: "e" })
    lines.write(null, { ctrl: true, name: "u" })
    Queue.offerUnsafe(isIdle ? inputs : cancels, "cancelled")
  })
  return {
    isPerson,
    /** Ends at Ctrl-C. */
    cancelled: Queue.take(cancels),
    /** The next line, or the end; while it waits, Ctrl-C is an input too. */
    read: (prompt: string) =>
      Effect.andThen(
        Queue.clear(cancels),
        Effect.suspend(() => {
          isIdle = true
          if (isPerson) {
            lines.setPrompt(prompt)
            lines.prompt(true)
          }
          return Queue.take(inputs)
        })
      ).pipe(Effect.tap(() => Effect.sync(() => isIdle = false)))
  }
})
