/** Compares measured numbers with a reference and a goal, and prints them as one table in Markdown. */
import { Schema } from "effect"

/** The number of decimal places per unit. */
const digits = { s: 2, ms: 0, MB: 0, "µs": 1, "%": 1, "": 0 } as const
const Unit = Schema.Literals(["s", "ms", "MB", "µs", "%", ""])
export type Unit = typeof Unit.Type

/** One line of the table. */
export const Row = Schema.Struct({
  what: Schema.String,
  /** The medians of the rounds. */
  ours: Schema.Finite,
  reference: Schema.optional(Schema.Finite),
  unit: Unit,
  /** The ratio of ours to the reference, per round. */
  ratios: Schema.Array(Schema.Finite),
  goal: Schema.String,
  /** Undefined without a goal. */
  met: Schema.optional(Schema.Boolean)
})
export type Row = typeof Row.Type

const sorted = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)

export const median = (values: ReadonlyArray<number>): number => {
  const inOrder = sorted(values)
  const middle = inOrder.length / 2
  return ((inOrder[Math.ceil(middle) - 1] ?? NaN) + (inOrder[Math.floor(middle)] ?? NaN)) / 2
}

/** The rounds of ours and of the reference. The goal `atMost` is for the ratio; without it, the ratio is only printed. */
export const compared = (
  what: string,
  unit: Unit,
  rounds: ReadonlyArray<{ readonly ours: number; readonly reference: number }>,
  atMost?: number
): Row => {
  const ratios = rounds.map(({ ours, reference }) => ours / reference)
  return {
    what,
    unit,
    ours: median(rounds.map(({ ours }) => ours)),
    reference: median(rounds.map(({ reference }) => reference)),
    ratios,
    goal: atMost === undefined ? "" : `≤ ${atMost}`,
    met: atMost === undefined ? undefined : median(ratios) <= atMost
  }
}

/** The rounds of ours alone. The goal `atMost` is for the median; without it, the median is only printed. */
export const alone = (what: string, unit: Unit, rounds: ReadonlyArray<number>, atMost?: number): Row => ({
  what,
  unit,
  ours: median(rounds),
  reference: undefined,
  ratios: [],
  goal: atMost === undefined ? "" : `≤ ${atMost} ${unit}`.trim(),
  met: atMost === undefined ? undefined : median(rounds) <= atMost
})

/** A run that only has to finish, and the seconds until it finished or failed. */
export const finishing = (what: string, seconds: number, met: boolean): Row => ({
  what,
  unit: "s",
  ours: seconds,
  reference: undefined,
  ratios: [],
  goal: "finishes",
  met
})

const shown = (value: number | undefined, unit: Unit) =>
  value === undefined ? "" : `${value.toFixed(digits[unit])} ${unit}`.trim()

const spread = (ratios: ReadonlyArray<number>) => {
  const inOrder = sorted(ratios)
  return inOrder.length < 2 ? "once" : `${inOrder.at(0)?.toFixed(2)}–${inOrder.at(-1)?.toFixed(2)} (${inOrder.length})`
}

/** The first column is text, the others numbers. */
export const markdown = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) =>
  [header, header.map((_, index) => index === 0 ? "---" : "--:"), ...rows].map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n")

export const table = (rows: ReadonlyArray<Row>) =>
  markdown(
    ["what", "ours", "reference", "ratio", "spread (rounds)", "goal", "met"],
    rows.map(({ goal, met, ours, ratios, reference, unit, what }) => [
      what,
      shown(ours, unit),
      shown(reference, unit),
      ratios.length === 0 ? "" : median(ratios).toFixed(2),
      ratios.length === 0 ? "" : spread(ratios),
      goal,
      met === undefined ? "" : met ? "yes" : "no"
    ])
  )
