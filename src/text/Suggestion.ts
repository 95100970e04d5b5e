/** Suggests the name that somebody meant who mistyped it. */

/** How many letters have to be inserted, deleted or replaced to turn one word into another. */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1]
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

const distanceMax = 2

/** The names that are closest to a mistyped one; none if all of them are too far away. */
export const nearest = (name: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const distances = names.map((known) => [known, distance(name.toLowerCase(), known.toLowerCase())] as const)
  // two letters can turn a short name into any other
  const least = Math.min(distanceMax, Math.floor(name.length / 2), ...distances.map(([_, letters]) => letters))
  return distances.filter(([_, letters]) => letters === least).map(([known]) => known)
}

/** ` Did you mean "duckdb"?`, with a space before it; "" if no name is close. */
export const didYouMean = (name: string, names: ReadonlyArray<string>): string => {
  const close = nearest(name, names)
  if (close.length === 0) return ""
  const alternatives = new Intl.ListFormat("en", { type: "disjunction" })
  return ` Did you mean ${alternatives.format(close.map((known) => `"${known}"`))}?`
}

/** The error for an unknown name: a suggestion, and all names that are available. */
export const unknown = (kind: string, name: string, names: ReadonlyArray<string>): string =>
  `Unknown ${kind} "${name}".${didYouMean(name, names)} Available: ${names.join(", ")}.`
