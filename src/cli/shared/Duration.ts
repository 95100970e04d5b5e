/** Flags that are a time: `30s`, `10m`, `1h`, `400d`. */
import { Duration, Option } from "effect"
import { Flag } from "effect/cli"

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** A flag whose value is a time. */
export const requiredDuration = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withDescription(description),
    Flag.withMetavar("DURATION"),
    Flag.filterMap(
      (text) => {
        const [_, amount, unit = ""] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? []
        const each = seconds[unit]
        return each === undefined ? Option.none() : Option.some(Duration.seconds(Number(amount) * each))
      },
      () => "Expected a number and s, m, h or d, such as 30s"
    )
  )

/** An optional flag whose value is a time. */
export const duration = (name: string, description: string) => requiredDuration(name, description).pipe(Flag.optional)
