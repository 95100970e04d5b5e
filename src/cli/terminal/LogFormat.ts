/** `--log-format`: standard error in words, or as one JSON object a line, for whatever ships logs. */
import { Flag, GlobalFlag } from "effect/cli"

const name = "log-format"

/** The flag, which every command has. */
export const LogFormat = GlobalFlag.Setting(name)({
  flag: Flag.Literals(name, ["pretty", "json"]).pipe(
    Flag.withDescription("Standard error in words, or as one JSON object per line; default pretty"),
    Flag.withMetavar("FORMAT"),
    Flag.withDefault("pretty")
  )
})

/** What the flag says, known before the arguments are read, for what is wrong with them is told so as well. */
export const isJson = process.argv.some((argument, at) =>
  argument === `--${name}=json` || argument === "json" && process.argv[at - 1] === `--${name}`
)
