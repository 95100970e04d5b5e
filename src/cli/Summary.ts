/** What a run came to, for people and for programs. */
import { relative } from "node:path"
import type { Result } from "../Run.ts"

/** The JSON object of `extract --json`, but for the exit code. */
export const facts = ({ outcome, receipts }: Result) => {
  const { finished_at: _, methods: __, started_at: ___, tool_version: ____, ...told } = outcome
  return { ...told, sinks: receipts.map(({ bytes, location, rows, sink }) => ({ name: sink, location, rows, bytes })) }
}

const number = new Intl.NumberFormat("en")
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1 })
const megabytes = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 })

/** As a person in the working directory would name it. */
const near = (location: string) => {
  const from = relative("", location)
  return location === "-" || from.startsWith("..") ? location : from
}

/** A few lines. */
export const summary = ({ outcome, receipts }: Result): string =>
  [
    `${number.format(outcome.users)} users of ${outcome.tenant}, ${number.format(outcome.mfa_enabled)} with MFA (${
      percent.format(outcome.users === 0 ? 0 : outcome.mfa_enabled / outcome.users)
    }); ${outcome.complete ? "complete" : `not proved complete: ${outcome.incomplete_reason}`}${
      outcome.changed === 0 ? "" : `; ${number.format(outcome.changed)} changed while they were read`
    }`,
    Object.entries(outcome.rows).map(([table, rows]) => `${table} ${number.format(rows)}`).join(", "),
    ...receipts.map(({ bytes, location, sink }) =>
      `${sink.padEnd(8)} ${near(location)} (${megabytes.format(bytes / 1e6)} MB)`
    ),
    `run ${outcome.run_id}: ${number.format(outcome.requests)} requests, ${number.format(outcome.retries)} retries`
  ].join("\n")
