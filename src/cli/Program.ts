/** The command line with all services that it needs; it prints failures at the end. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Exit, Layer } from "effect"
import { ExitCode } from "../failure/ExitCode.ts"
import { cli } from "./Cli.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import * as ExitStatus from "./terminal/ExitStatus.ts"
import * as FailureReport from "./terminal/FailureReport.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** Runs the command that the arguments of the process name. `root` is the folder that `pipelines/` and `sinks/` are in. */
export const program = (root: URL) =>
  Settings.verifyCertificates.pipe(
    Effect.andThen(cli),
    Stdout.withLibraryOutput,
    Effect.provide(
      Layer.mergeAll(Plugins.layer(root), Settings.layer, Stderr.logger).pipe(Layer.provideMerge(NodeServices.layer))
    ),
    Effect.tapCause((cause) => Effect.sync(() => FailureReport.print(cause)))
  )

/** The exit code of the process. */
export const exitCode = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit) ? ExitCode.ok : ExitStatus.exitCode(exit.cause)
