/** How a command ended: what the process exits with, and what is said about it. */
import { Cause, Exit, Predicate, Runtime } from "effect"
import { CliError } from "effect/cli"
import { ExitCode } from "../../failure/ExitCode.ts"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import * as TooLate from "./Published.ts"

let terminated = false
process.on("SIGTERM", () => {
  terminated = true
})

/** Whether a failure was foreseen. */
export const isExpected = (error: unknown): error is ExpectedFailure =>
  error instanceof Error && Predicate.hasProperty(error, Runtime.errorExitCode)

/** What the process exits with, if it did not end well. */
export const exitCode = (cause: Cause.Cause<unknown>): number => {
  if (Cause.hasInterruptsOnly(cause)) {
    return TooLate.exitCode() ?? (terminated ? ExitCode.terminated : ExitCode.interrupted)
  }
  const error = Cause.squash(cause)
  // what is wrong with the arguments was told while they were read
  if (CliError.isCliError(error)) return "errors" in error && error.errors.length === 0 ? ExitCode.ok : ExitCode.usage
  return isExpected(error) ? error[Runtime.errorExitCode] : ExitCode.defect
}

/** How a failure that was not foreseen is told: what it says itself might quote somebody's data. */
export const defect: ExpectedFailure = {
  _tag: "Defect",
  message: "A defect of duo-mfa, which stopped the run; its standard error says where.",
  publicMessage: "A defect of duo-mfa, which stopped the run; its standard error says where.",
  [Runtime.errorExitCode]: ExitCode.defect
}

/** What others than who runs it are told of a failure. */
export const publicMessageOf = ({ publicMessage = "The log of the run says why." }: ExpectedFailure): string =>
  publicMessage

/** In a sentence for others than who runs it. */
export const exitStatusOf = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return { exit: ExitCode.ok, message: "The run has ended well." }
  const code = exitCode(exit.cause)
  if (Cause.hasInterruptsOnly(exit.cause)) return { exit: code, message: "The run was stopped." }
  const error = Cause.squash(exit.cause)
  const expected = isExpected(error) ? error : defect
  return { exit: code, error: expected._tag, message: publicMessageOf(expected) }
}
