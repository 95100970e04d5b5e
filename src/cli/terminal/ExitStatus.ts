/** How a command ended: its exit code, and the sentence about it. */
import { Cause, Exit, Predicate, Runtime } from "effect"
import { CliError } from "effect/cli"
import { ExitCode } from "../../failure/ExitCode.ts"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import * as Published from "./Published.ts"

let terminated = false
process.on("SIGTERM", () => {
  terminated = true
})

/** Whether a failure has an exit code of its own, and so a sentence for people. */
export const isExpected = (error: unknown): error is ExpectedFailure =>
  error instanceof Error && Predicate.hasProperty(error, Runtime.errorExitCode)

/** The exit code of a failed command. */
export const exitCode = (cause: Cause.Cause<unknown>): number => {
  if (Cause.hasInterruptsOnly(cause)) {
    return Published.exitCode() ?? (terminated ? ExitCode.terminated : ExitCode.interrupted)
  }
  const error = Cause.squash(cause)
  // the errors of the arguments were printed when they were parsed
  if (CliError.isCliError(error)) return "errors" in error && error.errors.length === 0 ? ExitCode.ok : ExitCode.usage
  return isExpected(error) ? error[Runtime.errorExitCode] : ExitCode.defect
}

/** Stands for an unexpected failure, whose own message may quote data. */
export const defect: ExpectedFailure = {
  _tag: "Defect",
  message: "A defect of duo-mfa, which stopped the run; its standard error says where.",
  publicMessage: "A defect of duo-mfa, which stopped the run; its standard error says where.",
  [Runtime.errorExitCode]: ExitCode.defect
}

/** The message of a failure for other people than the one who runs it. */
export const publicMessageOf = ({ publicMessage = "The log of the run says why." }: ExpectedFailure): string =>
  publicMessage

/** The exit code and a sentence for other people than the one who runs it. */
export const exitStatusOf = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return { exit: ExitCode.ok, message: "The run has ended well." }
  const code = exitCode(exit.cause)
  if (Cause.hasInterruptsOnly(exit.cause)) return { exit: code, message: "The run was stopped." }
  const error = Cause.squash(exit.cause)
  const expected = isExpected(error) ? error : defect
  return { exit: code, error: expected._tag, message: publicMessageOf(expected) }
}
