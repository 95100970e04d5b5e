/** The help of a command: examples first, at most 80 columns. */
import { Option } from "effect"
import type { HelpDoc } from "effect/cli"
import { wrap } from "../../text/Wrap.ts"
import { commandName } from "./CommandName.ts"

const columns = 80
/** The columns where descriptions begin; a longer name has its description on the lines below it. */
const flagColumn = 26
const commandColumn = 14

/** The built-in flags have their choices as metavariable, which makes them too long. */
const metavariables: Readonly<Record<string, string>> = { completions: "SHELL", "log-level": "LEVEL" }

/** A name and its description, side by side. */
const entry = (name: string, description: string, column = flagColumn): ReadonlyArray<string> => {
  const left = `  ${name}`
  const lines = wrap(description, columns - column).map((line) => " ".repeat(column) + line)
  const [first = "", ...others] = lines
  return left.length + 2 > column
    ? [left, ...lines]
    : [left.padEnd(column) + first.trimStart(), ...others]
}

const flag = ({ aliases, description, name, type }: HelpDoc.FlagDoc) =>
  entry(
    [`--${name}`, ...aliases].join(", ") + (type === "boolean" ? "" : ` ${metavariables[name] ?? type}`),
    Option.getOrElse(description, () => "")
  )

const argument = ({ description, name, variadic }: HelpDoc.ArgDoc) =>
  entry(`${name}${variadic ? "..." : ""}`, Option.getOrElse(description, () => ""))

/** The command of an example, so that it can be pasted. */
const pasteable = (command: string) => command.replace(/^duo-mfa\b/, commandName())

const example = ({ command, description = "" }: HelpDoc.ExampleDoc) => [
  ...description === "" ? [] : wrap(description, columns - 4).map((line) => `  # ${line}`),
  `  ${pasteable(command)}`
]

/** The document as text. `heading` makes the headings stand out. */
export const format = (doc: HelpDoc.HelpDoc, heading: (text: string) => string = (text) => text): string => {
  const { args = [], commandPath = [], description, examples = [], flags, globalFlags = [], subcommands = [] } = doc
  const isRoot = commandPath.length < 2
  const section = (title: string, lines: ReadonlyArray<string>) =>
    lines.length === 0 ? [] : ["", heading(title), ...lines]
  return [
    ...wrap(description, columns),
    ...section("EXAMPLES", examples.flatMap(example)),
    ...section("USAGE", [`  ${doc.usage}`]),
    ...section("ARGUMENTS", args.flatMap(argument)),
    ...subcommands.flatMap(({ commands, group = "OTHERS" }) =>
      section(
        group,
        commands.flatMap((command) => entry(command.name, command.description, commandColumn))
      )
    ),
    ...section("FLAGS", flags.flatMap(flag)),
    ...section("FLAGS OF EVERY COMMAND", isRoot ? globalFlags.flatMap(flag) : []),
    "",
    isRoot
      ? `${commandName()} help COMMAND explains a command.`
      : `${commandName()} --help has the flags of every command.`
  ].join("\n")
}
