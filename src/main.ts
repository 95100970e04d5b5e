/** The process: rights of new files, signals, layers, what is said at the end, and the exit code. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Exit, Layer } from "effect"
import { CliError } from "effect/cli"
import * as inspector from "node:inspector"
import { cli } from "./Cli.ts"
import { Catalog } from "./cli/Catalog.ts"
import { exitCode, isExpected } from "./cli/Ending.ts"
import * as Settings from "./cli/Settings.ts"
import * as Stderr from "./cli/Stderr.ts"
import * as Stdout from "./cli/Stdout.ts"
import { ExitCode } from "./ExitCode.ts"

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

/** An expected failure is its sentence. A defect is where it happened; its message might quote somebody's data. */
const tell = (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  if (Cause.hasInterruptsOnly(cause) || CliError.isCliError(error)) return
  const exit = exitCode(cause)
  if (isExpected(error)) return Stderr.complain(error.message, { error: error._tag, exit })
  Stderr.complain("This is a defect of duo-mfa. Nothing was published; please report these lines.", { exit })
  Stderr.print(error instanceof Error ? `${error.name}\n${frames(error)}` : typeof error)
}

const frames = ({ stack = "" }: Error) => stack.split("\n").filter((line) => /^\s+at /.test(line)).join("\n")

Settings.verifyCertificates.pipe(
  Effect.andThen(cli),
  Stdout.kept,
  Effect.provide(
    Layer.mergeAll(Catalog.layer(new URL("..", import.meta.url)), Settings.layer, Stderr.logger).pipe(
      Layer.provideMerge(NodeServices.layer)
    )
  ),
  Effect.tapCause((cause) => Effect.sync(() => tell(cause))),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? ExitCode.ok : exitCode(exit.cause))
  })
)
