/** The command line with all services that it needs; it reports failures at the end. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Exit, Layer } from "effect"
import { CliError } from "effect/cli"
import { ExitCode } from "../failure/ExitCode.ts"
import { cli } from "./Cli.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as ExitStatus from "./terminal/ExitStatus.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** Prints the sentence of an expected failure, but only the place of a defect, because its message may quote data. */
const reportFailure = (cause: Cause.Cause<unknown>) => {
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
  Stderr.complain("This is a defect of duo-mfa. Nothing was published; please report these lines.", { exit })
  Stderr.print(error instanceof Error ? `${error.name}\n${frames(error)}` : typeof error)
}

const hasNotBegun = (tag: string) => tag === "SettingsError" || tag === "NoLedger"

const frames = ({ stack = "" }: Error) => stack.split("\n").filter((line) => /^\s+at /.test(line)).join("\n")

/** Runs the command that the arguments of the process name. `root` is the folder that `pipelines/` and `sinks/` are in. */
export const program = (root: URL) =>
  Settings.verifyCertificates.pipe(
    Effect.andThen(cli),
    Stdout.withLibraryOutput,
    Effect.provide(
      Layer.mergeAll(Plugins.layer(root), Settings.layer, Stderr.logger).pipe(Layer.provideMerge(NodeServices.layer))
    ),
    Effect.tapCause((cause) => Effect.sync(() => reportFailure(cause)))
  )

/** The exit code of the process. */
export const exitCode = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit) ? ExitCode.ok : ExitStatus.exitCode(exit.cause)
