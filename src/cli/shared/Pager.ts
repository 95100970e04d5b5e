/** Shows a long answer page by page, with `$PAGER` or `less`. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { ReaderLeft } from "../../files/StandardOutput.ts"
import * as Terminal from "../../text/Terminal.ts"
import * as Stdout from "../terminal/Stdout.ts"
import * as Executable from "./Executable.ts"

/** The options of less: it leaves the terminal as it is, and does not wait if the answer is on one screen. */
const options = "FRX"

/** The command line of the pager, if it is there and the terminal can use one. */
const command = Effect.gen(function*() {
  const { PAGER = `less -${options}`, TERM } = process.env
  const [, program] = /^\s*(?:\w+=\S*\s+)*(\S+)/.exec(PAGER) ?? []
  return program === undefined || TERM === "dumb" || (yield* Executable.find(program)) === undefined ? undefined : PAGER
})

const ignoreError = () => undefined

/** Starts a pager. The end of the scope waits until its reader has left it. */
const start = Effect.fnUntraced(function*(command: string) {
  const { stdin } = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const env = { LESS: options, ...Executable.environment() }
      const child = spawn(command, { shell: true, stdio: ["pipe", "inherit", "inherit"], env })
      child.on("error", ignoreError)
      child.stdin.on("error", ignoreError)
      return { stdin: child.stdin, closed: new Promise((resolve) => child.once("close", resolve)) }
    }),
    ({ closed, stdin }) => Effect.promise(() => (stdin.end(), closed))
  )
  return (text: string) =>
    Effect.callback<void, ReaderLeft>((resume) => {
      stdin.write(Terminal.lines(text), (error) => resume(error ? Effect.fail(new ReaderLeft()) : Effect.void))
    })
})

/** Writes text to the pager, or to standard output if there is none. */
export const writer = Effect.gen(function*() {
  const pager = yield* command
  return pager === undefined ? yield* Stdout.writer : yield* start(pager)
})
