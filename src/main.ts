/** The process: rights of new files, signals and the exit code. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as inspector from "node:inspector"
import { exitCode, program } from "./cli/Program.ts"

process.umask(0o077)

// Node would open a debugger at this signal, and whoever may connect to it reads the key. One that was opened while the
// program was loaded is closed, at once after Node has opened it for good; who asks for one with --inspect gets it.
process.on("SIGUSR1", () => undefined)
if (![...process.execArgv, process.env["NODE_OPTIONS"]].some((option) => option?.includes("--inspect"))) {
  setImmediate(() => inspector.close())
}

process.on("SIGINT", () => undefined)
// A signal that comes when all is done stops nothing. Node lets go of signals before it has tidied up, which takes longer
// than to leave at once.
process.once("exit", () => process.exit())

program(new URL("..", import.meta.url)).pipe(
  NodeRuntime.runMain({ disableErrorReporting: true, teardown: (exit, onExit) => onExit(exitCode(exit)) })
)
