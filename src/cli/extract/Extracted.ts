/** The result of `extract`, for people, for programs, for a webhook and for a collector. */
import { Result, Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import { objectsOf, timesWarned } from "../../Outcome.ts"
import type { TenantResult } from "../../run/round/Round.ts"
import type * as Run from "../../run/Run.ts"
import type { RunResult } from "../../telemetry/Meters.ts"
import type { News } from "../shared/Notify.ts"
import { facts, summary, withoutLocations } from "../shared/Summary.ts"
import { commandName } from "../terminal/CommandName.ts"

export interface Extracted {
  /** Every tenant with what was read of it, or why that failed. */
  readonly tenants: ReadonlyArray<TenantResult>
  /** The lines for people. */
  readonly text: string
  /** The object for programs, without the exit code. */
  readonly facts: object
  readonly news: News
  readonly meters: RunResult
  readonly warnings: ReadonlyArray<string>
  /** Whether the rows went to standard output. */
  readonly hasPrintedRows: boolean
  /** Why the command ends with another code than 0, although something is published. */
  readonly failure: ExpectedFailure | undefined
  readonly nextStep: string
}

/** The run was published but not proved complete, which `--strict` does not accept. */
export class Incomplete extends Schema.TaggedError<Incomplete>()("Incomplete", { reason: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.incomplete
  override get message() {
    return `Published, but not proved complete: ${this.reason}. Nothing was deleted for it; run again.`
  }
  get publicMessage() {
    return this.message
  }
}

/** What to do with the rows: query the ledger, or compare other sinks with the run. */
export const nextStep = (receipts: Run.Result["receipts"]) => {
  if (receipts.length === 0) return `${commandName()} extract, without --dry-run`
  return receipts.some(({ sink }) => sink === "duckdb")
    ? `${commandName()} sql @ lists questions, ${commandName()} report writes a page`
    : `${commandName()} verify`
}

/** The result of one run. */
export const ofRun = (result: Run.Result, strict: boolean): Extracted => {
  const { outcome, receipts } = result
  const { facts: published, text } = withoutLocations(result)
  return {
    tenants: [{ tenant: outcome.tenant, result: Result.succeed(outcome) }],
    text: summary(result),
    facts: facts(result),
    news: { facts: published, text },
    meters: {
      ...published,
      ...objectsOf(outcome),
      counts: outcome.counts,
      warned: timesWarned(outcome)
    },
    warnings: outcome.warnings,
    hasPrintedRows: receipts.some(({ location }) => location === "-"),
    failure: strict && !outcome.complete
      ? new Incomplete({ reason: outcome.incomplete_reason ?? "unknown" })
      : undefined,
    nextStep: nextStep(receipts)
  }
}
