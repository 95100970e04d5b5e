/** The command line: what can be typed, and which file does it. */
import { Effect } from "effect"
import { CliOutput, Command } from "effect/cli"
import { check } from "./cli/check.ts"
import { demo } from "./cli/demo.ts"
import { dictionary } from "./cli/dictionary.ts"
import { emulator } from "./cli/emulator.ts"
import { extract } from "./cli/extract.ts"
import { init } from "./cli/init.ts"
import { LogFormat } from "./cli/LogFormat.ts"
import { pipelines } from "./cli/pipelines.ts"
import { policy } from "./cli/policy.ts"
import { rebuild } from "./cli/rebuild.ts"
import { report } from "./cli/report.ts"
import { sinks } from "./cli/sinks.ts"
import { sql } from "./cli/sql.ts"
import * as Stderr from "./cli/Stderr.ts"
import { verify } from "./cli/verify.ts"
import { version } from "./Version.ts"

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
