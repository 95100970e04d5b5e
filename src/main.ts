/** The process: rights of new files, signals, layers, what is said at the end, and the exit code. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Exit, Layer, Predicate, Runtime } from "effect"
import { CliError } from "effect/cli"
import { cli } from "./Cli.ts"
import { Catalog } from "./cli/Catalog.ts"
import * as Settings from "./cli/Settings.ts"
import * as Stderr from "./cli/Stderr.ts"
import * as TooLate from "./cli/TooLate.ts"
import { ExitCode } from "./ExitCode.ts"
import type { Expected } from "./Expected.ts"

process.umask(0o077)

let terminated = false
process.on("SIGTERM", () => {
  terminated = true
})
process.on("SIGINT", () => undefined)
// A signal that comes when all is done stops nothing. Node lets go of signals before it has tidied up, which takes longer
// than to leave at once.
process.once("exit", () => process.exit())

const isExpected = (error: unknown): error is Expected =>
  error instanceof Error && Predicate.hasProperty(error, Runtime.errorExitCode)

const exitCode = (cause: Cause.Cause<unknown>): number => {
  if (Cause.hasInterruptsOnly(cause)) {
    return TooLate.exitCode() ?? (terminated ? ExitCode.terminated : ExitCode.interrupted)
  }
  const error = Cause.squash(cause)
  // what is wrong with the arguments was told while they were read
  if (CliError.isCliError(error)) return "errors" in error && error.errors.length === 0 ? ExitCode.ok : ExitCode.usage
  return isExpected(error) ? error[Runtime.errorExitCode] : ExitCode.defect
}

/** An expected failure is its sentence. A defect is where it happened; its message might quote somebody's data. */
const tell = (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  if (Cause.hasInterruptsOnly(cause) || CliError.isCliError(error)) return
  if (isExpected(error)) return Stderr.print(`duo-mfa: ${error.message}`)
  Stderr.print("duo-mfa: This is a defect of duo-mfa. Nothing was published; please report these lines.")
  Stderr.print(error instanceof Error ? `${error.name}\n${frames(error)}` : typeof error)
}

const frames = ({ stack = "" }: Error) => stack.split("\n").filter((line) => /^\s+at /.test(line)).join("\n")

cli.pipe(
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
