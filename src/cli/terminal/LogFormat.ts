/** `--log-format`: standard error in words, or as one JSON object per line for log collectors. */
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

/**
 * Whether the format is JSON. It is known before the arguments are parsed, because errors of parsing have the format
 * too.
 */
export const isJson = process.argv.some((argument, at) =>
  argument === `--${name}=json` || argument === "json" && process.argv[at - 1] === `--${name}`
)
