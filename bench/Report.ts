/** Makes RESULTS.md: the table of results, how they were measured, and more tables. */
import type { Part } from "./Part.ts"
import { table } from "./Table.ts"

type Named = ReadonlyArray<{ readonly name: string; readonly part: Part }>

/** The machines and days of the parts, with one line per machine and day. */
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

- **Pages**: the wall is that of \`extract --dry-run\` with pages of 50 users and 4 requests in flight. The reference is the
  time that the least number of pages that hold the list takes: the latency of all through 4, or what the rate lets through
  after as many at once as a minute has. Nothing is subtracted for starting or for pages that overlap. An answer takes
  longer than its latency because the emulator works too, so there is also what the answers took, through 4. Runs at a rate
  wait beside each other, once.
- **Users**: a server answers at once with pages that were written down before. Ours writes to DuckDB and Parquet, as the
  others do; one row says what NDJSON, the third default sink, adds. The floor is fetching the pages once, \`JSON.parse\`, and
  DuckDB loading the same rows from Parquet into a file and writing them as Parquet.
- **The others** fetch the list once, one request after the other, and prove nothing. Every cell that they write is compared
  with ours. DuckDB alone has its pages saved as files by a loop; the rest is SQL.
- **The container** is a control group with a memory limit of 1 GiB, page cache included.
- **The ledger**: the rows of all tables wait in DuckDB, as in a run; reading them from files is not counted. On the second
  day half a percent of the users and of the methods change, a thousandth leaves, a thousandth joins, and two thirds log in.
  The reference makes a table of the same rows in a new file, and a checkpoint.
- **Processor time** is that of all threads and of all processes that the program starts.
${parts.flatMap(({ part }) => part.notes).map((note) => `- ${note}\n`).join("")}${
    parts.flatMap(({ part }) => part.besides).map(({ heading, text }) => `\n## ${heading}\n\n${text}\n`).join("")
  }`
