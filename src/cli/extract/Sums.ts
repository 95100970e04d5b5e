/** Adds up numbers by name. */
export const byName = (all: ReadonlyArray<Readonly<Record<string, number>>>) => {
  const total: Record<string, number> = {}
  for (const [name, count] of all.flatMap(Object.entries<number>)) total[name] = (total[name] ?? 0) + count
  return total
}
