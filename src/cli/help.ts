/** `duo-mfa help`: the same as `--help`, in the order in which other programs have it. */
import { Effect, Option } from "effect"
import { Argument, CliError, Command } from "effect/cli"
import { nearest } from "../text/Suggestion.ts"

/** The command, which knows the names of the others. */
export const help = (names: () => ReadonlyArray<string>) =>
  Command.make(
    "help",
    {
      command: Argument.String("command").pipe(
        Argument.withDescription("The command to explain; without it, all commands are listed"),
        Argument.optional
      )
    },
    Effect.fnUntraced(function*({ command }) {
      const path = ["duo-mfa", ...Option.toArray(command)]
      const unknown = Option.filter(command, (name) => !names().includes(name))
      // the library prints the help of this path, or the error
      return yield* Option.isNone(unknown)
        ? new CliError.ShowHelp({ commandPath: path, errors: [] })
        : new CliError.ShowHelp({
          commandPath: ["duo-mfa"],
          errors: [
            new CliError.UnknownSubcommand({ subcommand: unknown.value, suggestions: nearest(unknown.value, names()) })
          ]
        })
    })
  ).pipe(
    Command.withDescription("Explain a command"),
    Command.withExamples([{ command: "duo-mfa help extract" }])
  )
