/** Prints a failure on standard error. */
import { Cause } from "effect"
import { CliError } from "effect/cli"
import { commandName } from "./CommandName.ts"
import * as ExitStatus from "./ExitStatus.ts"
import * as Published from "./Published.ts"
import * as Stderr from "./Stderr.ts"

/** Prints the sentence of an expected failure, but only the place of a defect, because its message may quote data. */
export const print = (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  if (Cause.hasInterruptsOnly(cause) || CliError.isCliError(error)) return
  const exit = ExitStatus.exitCode(cause)
  if (ExitStatus.isExpected(error)) {
    Stderr.complain(error.message, { error: error._tag, exit })
    if (hasNotBegun(error._tag)) {
      Stderr.hint(
        `${commandName()} init asks for the keys of your tenant, and ${commandName()} demo works without any.`
      )
    }
    return
  }
  Stderr.complain(
    `This is a defect of duo-mfa. ${
      Published.exitCode() === undefined ? "Nothing was published; please" : "Please"
    } report these lines.`,
    { exit }
  )
  Stderr.print(error instanceof Error ? `${error.name}\n${frames(error)}` : typeof error)
}

const hasNotBegun = (tag: string) => tag === "SettingsError" || tag === "NoLedger"

const frames = ({ stack = "" }: Error) => stack.split("\n").filter((line) => /^\s+at /.test(line)).join("\n")
