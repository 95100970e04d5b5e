/** The result of a run, for people and for programs. */
import { basename, isAbsolute, relative } from "node:path"
import { objectsOf, type Outcome } from "../../Outcome.ts"
import type { Result } from "../../run/Run.ts"

/** The outcome as it is in JSON. */
export const outcomeFacts = (outcome: Outcome) => {
  const {
    counts,
    fields: _,
    finished_at: __,
    host,
    started_at: ___,
    tool_version: ____,
    warned: _____,
    window,
    ...told
  } = outcome
  const { seen, what } = objectsOf(outcome)
  return {
    ...told,
    ...host === null ? {} : { host },
    ...window === null
      ? {}
      : { window: { from: window.from, to: window.to }, late: window.late, repeated: window.repeated },
    [what]: seen,
    ...Object.fromEntries(counts.map(({ count, name }) => [name, count]))
  }
}

/** The sinks as they are in JSON. */
export const sinkFacts = (receipts: Result["receipts"]) =>
  receipts.map(({ bytes, location, rows, sink }) => ({ name: sink, location, rows, bytes }))

/** The JSON object of `extract --json`, without the exit code. */
export const facts = ({ outcome, receipts }: Result) => ({ ...outcomeFacts(outcome), sinks: sinkFacts(receipts) })

const number = new Intl.NumberFormat("en")
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1 })
const megabytes = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 })

/** The path relative to the working directory, if it is below it. */
export const shortPath = (location: string): string => {
  const from = relative("", location)
  return !isAbsolute(location) || from.startsWith("..") ? location : from
}

/** Such as `400 users of NAME, 359 with MFA (89.8%)`. */
export const counted = ({ counts, rows }: Pick<Outcome, "counts" | "rows">, of = "") => {
  const { seen, what } = objectsOf({ rows })
  const parts = counts.map(({ count, words }) =>
    `, ${number.format(count)} ${words} (${percent.format(seen === 0 ? 0 : count / seen)})`
  )
  return `${number.format(seen)} ${what}${of}${parts.join("")}`
}

/** The number of rows of each table. */
export const rowsLine = (rows: Outcome["rows"]) =>
  Object.entries(rows).map(([table, rows]) => `${table} ${number.format(rows)}`).join(", ")

/** A line for each sink. */
export const sinkLines = (receipts: Result["receipts"]) =>
  receipts.map(({ bytes, location, sink }) =>
    `${sink.padEnd(8)} ${shortPath(location)} (${megabytes.format(bytes / 1e6)} MB)`
  )

/** How many objects the run read, and how many rows each table has. */
const headline = (outcome: Outcome) => {
  const { changed, complete, incomplete_reason, rows, tenant } = outcome
  return [
    `${counted(outcome, ` of ${tenant}`)}; ${complete ? "complete" : `not proved complete: ${incomplete_reason}`}${
      changed === 0 ? "" : `; ${number.format(changed)} changed while they were read`
    }`,
    rowsLine(rows)
  ]
}

/** How often each warning occurred and where, without values. */
const warnings = ({ warned }: Pick<Outcome, "warned">) =>
  Object.entries(warned).map(([place, times]) => times === 1 ? place : `${place} (${number.format(times)} times)`)

const asked = ({ requests, retries, run_id }: Outcome) =>
  `run ${run_id}: ${number.format(requests)} requests, ${number.format(retries)} retries`

/** A few lines. */
export const summary = ({ outcome, receipts }: Result): string =>
  [
    ...headline(outcome),
    ...sinkLines(receipts),
    asked(outcome)
  ].join("\n")

/**
 * The same as `facts` and `summary` for other people than the one who runs it: without paths, and without text that
 * somebody has written.
 */
export const withoutLocations = (result: Result) => {
  const { sinks, ...told } = facts(result)
  return {
    facts: {
      ...told,
      warnings: warnings(result.outcome),
      sinks: sinks.map(({ bytes, name, rows }) => ({ name: basename(name), rows, bytes }))
    },
    text: [...headline(result.outcome), asked(result.outcome)].join("\n")
  }
}
