/** Measured numbers as Markdown: the median of the rounds, and from the least to the most of them. */

const sorted = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)

export const median = (values: ReadonlyArray<number>): number => {
  const inOrder = sorted(values)
  const middle = inOrder.length / 2
  return ((inOrder[Math.ceil(middle) - 1] ?? NaN) + (inOrder[Math.floor(middle)] ?? NaN)) / 2
}

export const spread = (values: ReadonlyArray<number>, digits: number) => {
  const inOrder = sorted(values)
  return `${median(values).toFixed(digits)} (${inOrder.at(0)?.toFixed(digits)}–${inOrder.at(-1)?.toFixed(digits)})`
}

/** The first column is text, the others numbers. */
export const markdown = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) =>
  [header, header.map((_, index) => index === 0 ? "---" : "--:"), ...rows].map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n")
