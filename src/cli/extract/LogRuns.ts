/** Runs a log pipeline until everything that was asked for is read: a run for each part of the log. */
import { Effect, Option } from "effect"
import { objectsOf, type Outcome } from "../../Outcome.ts"
import type { Pipeline } from "../../Pipeline.ts"
import type { LogRange } from "../../run/log/LogWindows.ts"
import type { Receipt } from "../../run/publish/ManifestFile.ts"
import * as Run from "../../run/Run.ts"
import { Contradiction } from "./Contradiction.ts"
import * as Sums from "./Sums.ts"

/** The flags `--from` and `--to` as one value. */
export const rangeOf = (
  { kind, name }: Pipeline,
  from: Option.Option<number>,
  to: Option.Option<number>
): Effect.Effect<LogRange | undefined, Contradiction> => {
  if (Option.isNone(from) && Option.isNone(to)) return Effect.undefined
  if (kind !== "log") {
    return Effect.fail(
      new Contradiction({ detail: `--from and --to are for logs, and ${name} always reads everything there is.` })
    )
  }
  const range: LogRange = { from: Option.getOrUndefined(from), to: Option.getOrUndefined(to) }
  return range.from !== undefined && range.to !== undefined && range.from >= range.to
    ? Effect.fail(new Contradiction({ detail: "--from must be before --to." }))
    : Effect.succeed(range)
}

/** A sentence about a run of a log after which others follow. */
export const describe = ({ outcome, remaining }: Run.Result) => {
  const { seen, what } = objectsOf(outcome)
  const part = outcome.window === null ? "" : ` from ${outcome.window.from} to ${outcome.window.to}`
  return `Published ${seen} ${what}${part}; ${remaining} runs remain`
}

const sum = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0)

/** The outcome of several runs as one, with the id of the last. */
const together = (outcomes: ReadonlyArray<Outcome>, last: Outcome): Outcome => {
  const windows = outcomes.flatMap(({ window }) => window === null ? [] : [window])
  const [from = ""] = windows.map(({ from }) => from).toSorted()
  return {
    ...last,
    complete: outcomes.every(({ complete }) => complete),
    incomplete_reason: outcomes.find(({ complete }) => !complete)?.incomplete_reason ?? null,
    proof: outcomes.every(({ complete }) => complete) ? last.proof : null,
    total_objects: sum(outcomes.map(({ total_objects }) => total_objects ?? 0)),
    pages: sum(outcomes.map(({ pages }) => pages)),
    requests: sum(outcomes.map(({ requests }) => requests)),
    retries: sum(outcomes.map(({ retries }) => retries)),
    duplicates: sum(outcomes.map(({ duplicates }) => duplicates)),
    unknown_values: sum(outcomes.map(({ unknown_values }) => unknown_values)),
    warnings: [...new Set(outcomes.flatMap(({ warnings }) => warnings))],
    warned: Sums.byName(outcomes.map(({ warned }) => warned)),
    window: last.window && {
      ...last.window,
      from,
      late: sum(windows.map(({ late }) => late)),
      repeated: sum(windows.map(({ repeated }) => repeated))
    },
    counts: last.counts.map(({ name, words }) => ({
      name,
      words,
      count: sum(
        outcomes.flatMap(({ counts }) => counts.filter((other) => other.name === name)).map(({ count }) => count)
      )
    })),
    rows: Sums.byName(outcomes.map(({ rows }) => rows))
  }
}

/** The receipts of several runs, which have the same sinks in the same order, with their sums. */
export const sumOf = (runs: ReadonlyArray<ReadonlyArray<Receipt>>) =>
  (runs.at(-1) ?? []).map((receipt, index): Receipt => {
    const all = runs.flatMap((receipts) => receipts.slice(index, index + 1))
    return { ...receipt, rows: Sums.byName(all.map(({ rows }) => rows)), bytes: sum(all.map(({ bytes }) => bytes)) }
  })

/**
 * Runs a pipeline once, and a log again until nothing remains. `onPublished` is called after each run. If a run fails, the
 * ones before it stay published, and the next command goes on after them.
 */
export const run = Effect.fnUntraced(function*(
  pipeline: Pipeline,
  options: Run.SingleRunOptions,
  onPublished: (result: Run.Result) => Effect.Effect<void>
) {
  const results: Array<Run.Result> = []
  for (;;) {
    const result = yield* Run.run(pipeline, options)
    results.push(result)
    if (result.remaining === 0 && results.length === 1) return result
    if (result.remaining === 0) {
      const all: Run.Result = {
        outcome: together(results.map(({ outcome }) => outcome), result.outcome),
        receipts: sumOf(results.map(({ receipts }) => receipts)),
        remaining: 0
      }
      return all
    }
    yield* onPublished(result)
    yield* Effect.interruptible(Effect.yieldNow)
  }
})
