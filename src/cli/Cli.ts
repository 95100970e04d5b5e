/** The command line: what can be typed, and which file does it. */
import { Effect, Layer } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag, type HelpDoc, TerminalCapabilities } from "effect/cli"
import { version } from "../Version.ts"
import { check } from "./check.ts"
import { demo } from "./demo.ts"
import { dictionary } from "./dictionary.ts"
import { emulator } from "./emulator.ts"
import { extract } from "./extract.ts"
import { forgetPerson } from "./forget-person.ts"
import { help } from "./help.ts"
import { init } from "./init.ts"
import { pipelines } from "./pipelines.ts"
import { policy } from "./policy.ts"
import { prune } from "./prune.ts"
import { rebuild } from "./rebuild.ts"
import { report } from "./report.ts"
import { shell } from "./shell.ts"
import { sinks } from "./sinks.ts"
import { sql } from "./sql.ts"
import { submit } from "./submit.ts"
import { tenants } from "./tenants.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Help from "./terminal/Help.ts"
import { LogFormat } from "./terminal/LogFormat.ts"
import * as Stderr from "./terminal/Stderr.ts"
import { verify } from "./verify.ts"
import { worker } from "./worker.ts"

const groups = [
  { group: "START", commands: [demo, init, check] },
  { group: "EVERY DAY", commands: [extract, sql, shell, report, policy] },
  { group: "MAINTAIN", commands: [verify, rebuild, tenants, prune, forgetPerson] },
  { group: "A FLEET", commands: [worker, submit] },
  { group: "OTHERS", commands: [pipelines, sinks, dictionary, emulator, help(() => names)] }
] as const

const names: ReadonlyArray<string> = groups.flatMap(({ commands }) => commands.map(({ name }) => name))

const command = Command.make("duo-mfa").pipe(
  Command.withDescription(
    "Export every user of a Cisco Duo tenant, with all their authenticators, into flat tables with history."
  ),
  Command.withSubcommands(groups),
  Command.withGlobalFlags([LogFormat]),
  Command.withExamples([
    { command: "duo-mfa demo", description: "Thirty days of an invented tenant, without an account of Duo" },
    { command: "duo-mfa init", description: "Your own tenant: its keys, and then a run" },
    { command: "duo-mfa extract" },
    { command: "duo-mfa sql @at-risk", description: "Who can log in and is at risk, and why?" }
  ])
)

/** Every built-in flag but `--wizard`, which asks for one flag after the other: `init` asks better questions. */
const builtIns = GlobalFlag.BuiltIns.filter((flag) => flag !== GlobalFlag.Wizard)

const bold = (text: string) => `\u001b[1m${text}\u001b[22m`

/**
 * Help that was asked for goes to standard output. Wrong arguments get an error on standard error, without the help.
 */
const presenter = CliOutput.layerPresenter({
  present: Effect.fnUntraced(function*(event) {
    switch (event._tag) {
      case "Help": {
        const { canColor } = yield* TerminalCapabilities.TerminalCapabilities
        const formatHelpDoc = (doc: HelpDoc.HelpDoc) => Help.format(doc, canColor ? bold : undefined)
        return yield* CliOutput.defaultPresenter.present(event).pipe(
          Effect.provideService(CliOutput.Formatter, { ...CliOutput.defaultFormatter(), formatHelpDoc })
        )
      }
      case "InvalidInvocation":
        for (const error of event.errors) Stderr.complain(error.message)
        return Stderr.print(`See ${[commandName(), ...event.commandPath.slice(1)].join(" ")} --help.`)
      case "Version":
        return yield* CliOutput.defaultPresenter.present(event)
    }
  })
})

/** Runs the command that the arguments of the process name. The caller reports failures. */
export const cli = Command.run(command, { version }).pipe(
  Effect.provide(Layer.merge(presenter, CliConfig.layer({ builtIns })))
)
