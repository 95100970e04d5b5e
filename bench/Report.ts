/** RESULTS.md: the table of what was measured, how, and what is told besides. */
import type { Part } from "./Part.ts"
import { table } from "./Table.ts"

type Named = ReadonlyArray<{ readonly name: string; readonly part: Part }>

/** Where and when the parts were measured; those of one machine and day together. */
const whereAndWhen = (parts: Named) => {
  const places = new Map<string, Array<string>>()
  for (const { name, part: { day, load, machine } } of parts) {
    const place = `${machine}, ${day}`
    places.set(place, [...places.get(place) ?? [], `${name} ${load.toFixed(1)}`])
  }
  return [...places].map(([place, loads]) => `${place}. The load before each part: ${loads.join(", ")}.`).join("\n")
}

export const markdown = (verb: string, parts: Named) =>
  `# What \`${verb}\` measured

${whereAndWhen(parts)}

Medians of the rounds. In a round everything is measured once, so that a busy machine is busy for all alike; a ratio is
ours through the reference of the same round, and what is judged is the median of the ratios.

${table(parts.flatMap(({ part }) => part.rows))}

- **Requests**: the wall is that of \`extract --dry-run\` with pages of 10 users and 4 requests in flight. The reference is
  what so many requests take at the least: the latency of all through 4, or what the rate lets through after as many at
  once as a minute has. There are so many because a list of more than one page is proved complete by reading it twice.
  Nothing is subtracted for starting. An answer takes longer than its latency: the emulator has work to do too, and Node's
  timers are late; so there is also what the answers took, through 4. Runs at a rate wait beside each other, once.
- **Users**: they go into DuckDB, Parquet and NDJSON, from a server that answers at once with pages that were written down
  before. The floor is fetching them once, \`JSON.parse\`, DuckDB loading the same rows from Parquet into a file, and writing
  them as Parquet.
- **The others** fetch the list once, one request after the other, and prove nothing. They write to DuckDB and Parquet the
  rows that ours writes, which is checked. DuckDB alone has its pages saved as files by a loop, which counts but where it
  says otherwise; the rest is SQL.
- **A day's run**: half a percent of the users and of the methods change, a thousandth leaves, a thousandth joins, two thirds
  log in. The rows are in Parquet already, in both cases.
${parts.flatMap(({ part }) => part.notes).map((note) => `- ${note}\n`).join("")}${
    parts.flatMap(({ part }) => part.besides).map(({ heading, text }) => `\n## ${heading}\n\n${text}\n`).join("")
  }`
