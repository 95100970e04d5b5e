/** RESULTS.md: the table, how it was measured, and what is told besides. */
import { availableParallelism, cpus, loadavg, platform, totalmem } from "node:os"
import { type Row, table } from "./Table.ts"

export interface Report {
  /** What was typed. */
  readonly verb: string
  /** How many processes wanted to run before the bench did. */
  readonly load: number
  readonly rows: ReadonlyArray<Row>
  /** What is not as it should be. */
  readonly notes: ReadonlyArray<string>
  /** Tables in Markdown, by their headings. */
  readonly besides: ReadonlyArray<readonly [heading: string, text: string]>
}

/** The load of the last minute. */
export const loadNow = () => loadavg()[0] ?? NaN

const machine = () =>
  `${availableParallelism()} cores of ${cpus()[0]?.model ?? "an unknown processor"}, ${
    Math.round(totalmem() / 2 ** 30)
  } GiB, ${platform()}, Node ${process.versions.node}`

export const markdown = ({ besides, load, notes, rows, verb }: Report) =>
  `# What \`${verb}\` measured

${machine()}, ${new Date().toISOString().slice(0, 10)}. The load before it began: ${load.toFixed(1)}.

Medians of the rounds. In a round everything is measured once, so that a busy machine is busy for all alike; a ratio is
ours through the reference of the same round, and what is judged is the median of the ratios.

${table(rows)}

- **Requests**: the wall is that of \`extract --dry-run\` with pages of 10 users and 4 requests in flight. The reference is
  what so many requests take at the least: the latency of all through 4, or what the rate lets through after as many at
  once as a minute has. There are so many because a list of more than one page is proved complete by reading it twice.
  Nothing is subtracted for starting. Runs at a rate wait beside the others, once.
- **Users**: they go into DuckDB, Parquet and NDJSON, from a server that answers at once with pages that were written down
  before. The floor is fetching them once, \`JSON.parse\`, DuckDB loading the same rows from Parquet into a file, and writing
  them as Parquet.
- **The others** fetch the list once, one request after the other, and prove nothing. They write to DuckDB and Parquet the
  rows that ours writes, which is checked. DuckDB alone has its pages saved as files by a loop, which counts but where it
  says otherwise; the rest is SQL.
- **A day's run**: half a percent of the users and of the methods change, a thousandth leaves, a thousandth joins, two thirds
  log in. The rows are in Parquet already, in both cases.
${notes.map((note) => `- ${note}\n`).join("")}${
    besides.map(([heading, text]) => `\n## ${heading}\n\n${text}\n`).join("")
  }`
