/** The result of a round: a line per tenant, and one for all. */
import { Result, Runtime, Schema } from "effect"
import { basename } from "node:path"
import { ExitCode, mayPass } from "../../failure/ExitCode.ts"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import { objectsOf, type Outcome, timesWarned } from "../../Outcome.ts"
import type { RoundResult, TenantResult } from "../../run/round/Round.ts"
import { and } from "../../text/And.ts"
import { counted, outcomeFacts, rowsLine, sinkFacts, sinkLines } from "../shared/Summary.ts"
import { commandName } from "../terminal/CommandName.ts"
import { publicMessageOf } from "../terminal/ExitStatus.ts"
import { type Extracted, Incomplete, nextStep } from "./Extracted.ts"
import * as Sums from "./Sums.ts"

/** Some tenants failed; the others are published. */
export class SomeTenantsFailed extends Schema.TaggedError<SomeTenantsFailed>()("SomeTenantsFailed", {
  failed: Schema.NonEmptyArray(Schema.String),
  tenants: Schema.Int,
  /** Whether all of the failures may pass by themselves. */
  mayPass: Schema.Boolean
}) {
  override readonly [Runtime.errorExitCode] = this.mayPass ? ExitCode.busy : ExitCode.someFailed
  override get message() {
    const { failed, tenants } = this
    const some = failed.slice(0, 3).join(", ")
    return `${failed.length} of ${tenants} tenants failed: ${some}${
      failed.length > 3 ? " and others" : ""
    }. Nothing of theirs changed, and the others are published. ${
      this.mayPass ? "Waiting may help: run again." : "The lines above say what to do."
    }`
  }
  get publicMessage() {
    return `${this.failed.length} of ${this.tenants} tenants failed.`
  }
}

interface Split {
  readonly outcomes: ReadonlyArray<Outcome>
  readonly failed: ReadonlyArray<{ readonly tenant: string; readonly error: ExpectedFailure }>
}

const split = (tenants: ReadonlyArray<TenantResult>): Split => ({
  outcomes: tenants.flatMap(({ result }) => Result.isSuccess(result) ? [result.success] : []),
  failed: tenants.flatMap(({ result, tenant }) => Result.isFailure(result) ? [{ tenant, error: result.failure }] : [])
})

/** The rows and the pipeline's counts of all tenants together. */
const together = (outcomes: ReadonlyArray<Outcome>): Pick<Outcome, "counts" | "rows"> => {
  const totals = Sums.byName(
    outcomes.map(({ counts }) => Object.fromEntries(counts.map(({ count, name }) => [name, count])))
  )
  return {
    rows: Sums.byName(outcomes.map(({ rows }) => rows)),
    counts: (outcomes[0]?.counts ?? []).map((counts) => ({ ...counts, count: totals[counts.name] ?? 0 }))
  }
}

/** Longer names are not aligned. */
const nameLengthMax = 32

const lineOf = (width: number) => ({ result, tenant }: TenantResult) => {
  const name = tenant.padEnd(width)
  if (Result.isFailure(result)) return `${name}  failed: ${result.failure.message}`
  const { complete, incomplete_reason } = result.success
  return `${name}  ${counted(result.success)}${complete ? "" : `; not proved complete: ${incomplete_reason}`}`
}

/** Up to five names. */
const some = (names: ReadonlyArray<string>) =>
  and(names.length > 5 ? [...names.slice(0, 4), `${names.length - 4} others`] : names)

const notes = ({ gone, recovered }: RoundResult, leftOut: ReadonlyArray<string>) => [
  ...leftOut,
  ...recovered.length === 0
    ? []
    : [`Published first, because an earlier round had read them: ${some(recovered)}`],
  ...gone.length === 0
    ? []
    : [`Not among the tenants, and still counted: ${some(gone)}. If one is gone: ${commandName()} tenants retire NAME`]
]

/** The object for programs. */
const factsOf = (result: RoundResult, { failed, outcomes }: Split, pipeline: string) => ({
  pipeline,
  published: outcomes.length,
  failed: failed.length,
  rows: together(outcomes).rows,
  tenants: result.tenants.map(({ result, tenant }) =>
    Result.isSuccess(result) ? outcomeFacts(result.success) : {
      tenant,
      error: result.failure._tag,
      message: result.failure.message,
      exit: result.failure[Runtime.errorExitCode]
    }
  ),
  recovered: result.recovered,
  gone: result.gone,
  sinks: sinkFacts(result.receipts)
})

const failureOf = ({ failed, outcomes }: Split, strict: boolean): ExpectedFailure | undefined => {
  const [first, ...others] = failed.map(({ tenant }) => tenant)
  if (first !== undefined) {
    return new SomeTenantsFailed({
      failed: [first, ...others],
      tenants: failed.length + outcomes.length,
      mayPass: failed.every(({ error }) => mayPass(error[Runtime.errorExitCode]))
    })
  }
  const doubtful = outcomes.filter(({ complete }) => !complete)
  return strict && doubtful.length > 0
    ? new Incomplete({ reason: `the lists of ${some(doubtful.map(({ tenant }) => tenant))} kept changing` })
    : undefined
}

/** What the command knows besides the result. */
interface Asked {
  readonly pipeline: string
  readonly strict: boolean
  /** Sentences about child accounts that could not be asked. */
  readonly leftOut: ReadonlyArray<string>
}

/** The result of a round. */
export const ofRound = (result: RoundResult, { leftOut, pipeline, strict }: Asked): Extracted => {
  const parts = split(result.tenants)
  const { failed, outcomes } = parts
  const all = together(outcomes)
  const width = Math.min(nameLengthMax, Math.max(0, ...result.tenants.map(({ tenant }) => tenant.length)))
  const totals = [
    `${outcomes.length} of ${result.tenants.length} tenants: ${counted(all)}`,
    rowsLine(all.rows)
  ].filter((line) => line !== "")
  const { sinks, ...facts } = factsOf(result, parts, pipeline)
  const publicSinks = sinks.map(({ bytes, name, rows }) => ({ name: basename(name), rows, bytes }))
  return {
    tenants: result.tenants,
    text: [...result.tenants.map(lineOf(width)), ...totals, ...sinkLines(result.receipts), ...notes(result, leftOut)]
      .join("\n"),
    facts: { ...facts, left_out: leftOut, sinks },
    news: {
      facts: {
        ...facts,
        tenants: failed.map(({ error, tenant }) => ({
          tenant,
          error: error._tag,
          message: publicMessageOf(error),
          exit: error[Runtime.errorExitCode]
        })),
        sinks: publicSinks
      },
      text: [...failed.map(({ error, tenant }) => `${tenant} failed: ${publicMessageOf(error)}`), ...totals].join("\n")
    },
    meters: {
      seen: objectsOf(all).seen,
      counts: all.counts,
      complete: failed.length === 0 && outcomes.every(({ complete }) => complete),
      rows: all.rows,
      sinks: publicSinks,
      warned: outcomes.reduce((sum, outcome) => sum + timesWarned(outcome), 0)
    },
    warnings: outcomes.flatMap(({ tenant, warnings }) => warnings.map((warning) => `${tenant}: ${warning}`)),
    hasPrintedRows: result.receipts.some(({ location }) => location === "-"),
    failure: failureOf(parts, strict),
    nextStep: nextStep(result.receipts)
  }
}
