/** The process: rights of new files, signals and the exit code. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as inspector from "node:inspector"
import { exitCode, program } from "./cli/Program.ts"

process.umask(0o077)

// On SIGUSR1, Node would open a debugger, through which other processes could read the secret key. If Node opened one
// while the program was loading, close it, in the next turn because Node opens it late. With --inspect it was asked for
// and stays.
process.on("SIGUSR1", () => undefined)
if (![...process.execArgv, process.env["NODE_OPTIONS"]].some((option) => option?.includes("--inspect"))) {
  setImmediate(() => inspector.close())
}

process.on("SIGINT", () => undefined)
// A signal that comes at the very end must not change the exit code. Node removes its signal handlers before it cleans
// up, and the clean-up takes a while, so leave at once.
process.once("exit", () => process.exit())

program(new URL("..", import.meta.url)).pipe(
  NodeRuntime.runMain({ disableErrorReporting: true, teardown: (exit, onExit) => onExit(exitCode(exit)) })
)
