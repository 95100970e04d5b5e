/** The command line: what can be typed, and which file does it. */
import { Effect } from "effect"
import { CliOutput, Command } from "effect/cli"
import { version } from "../Version.ts"
import { check } from "./check.ts"
import { demo } from "./demo.ts"
import { dictionary } from "./dictionary.ts"
import { emulator } from "./emulator.ts"
import { extract } from "./extract.ts"
import { init } from "./init.ts"
import { pipelines } from "./pipelines.ts"
import { policy } from "./policy.ts"
import { rebuild } from "./rebuild.ts"
import { report } from "./report.ts"
import { sinks } from "./sinks.ts"
import { sql } from "./sql.ts"
import { LogFormat } from "./terminal/LogFormat.ts"
import * as Stderr from "./terminal/Stderr.ts"
import { verify } from "./verify.ts"

const command = Command.make("duo-mfa").pipe(
  Command.withDescription(
    "Who in the company is really protected by MFA: Cisco Duo's users and authenticators as rows"
  ),
  Command.withSubcommands([
    init,
    extract,
    check,
    sql,
    policy,
    verify,
    rebuild,
    report,
    pipelines,
    sinks,
    dictionary,
    emulator,
    demo
  ]),
  Command.withGlobalFlags([LogFormat])
)

/** Help that was asked for is data; what is wrong with the arguments is not, and neither is a screenful of help. */
const presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Effect.sync(() => {
        for (const error of event.errors) Stderr.complain(error.message)
        Stderr.print(`See ${event.commandPath.join(" ")} --help.`)
      })
      : CliOutput.defaultPresenter.present(event)
})

/** Runs the arguments of the process. Failures are told by whoever runs it. */
export const cli = Command.run(command, { version }).pipe(Effect.provide(presenter))
