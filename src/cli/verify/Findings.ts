/** The findings of `verify`: a line for each, and one line for all. */
import { Effect } from "effect"
import * as Stderr from "../terminal/Stderr.ts"
import * as Stdout from "../terminal/Stdout.ts"

type Verdict =
  | "same"
  | "as erased"
  | "differs"
  | "missing"
  | "pruned"
  | "still there"
  | "no longer kept"
  | "cannot be read back"
  | "not verified"

/** A table of a run in a sink, or a manifest that cannot be read, and what was found. */
export interface VerifiedTable {
  readonly run_id: string
  readonly sink: string
  readonly location: string
  readonly table: string
  readonly rows: number
  readonly verdict: Verdict
  /** When the run was pruned there, and by which rule. */
  readonly pruned?: { readonly day: string; readonly rule: string } | undefined
}

export const print = ({ pruned, rows, run_id, sink, table, verdict }: VerifiedTable) =>
  Stdout.print(
    [
      run_id,
      sink.padEnd(8),
      table.padEnd(13),
      String(rows).padStart(9),
      pruned === undefined
        ? verdict
        : `${verdict === "pruned" ? "" : `${verdict}, but `}pruned on ${pruned.day} by ${pruned.rule}`
    ].join("  ")
  )

const count = (values: ReadonlyArray<string>, word: string) => {
  const { size } = new Set(values)
  return `${size} ${word}${size === 1 ? "" : "s"}`
}

/** Prints all findings in one line. */
export const printSummary = Effect.fnUntraced(function*(findings: ReadonlyArray<VerifiedTable>) {
  const verdicts = Map.groupBy(findings, ({ verdict }) => verdict)
  const parts = [...verdicts].map(([verdict, { length }]) => `${length} ${verdict}`)
  const tables = findings.filter(({ table }) => table !== "")
  const isGood = [...verdicts.keys()].every((verdict) => verdict === "same" || verdict === "as erased")
  const good = verdicts.has("as erased") ? "all are as published or as erased" : "all are as published"
  const all = isGood && findings.length > 0 ? good : parts.join(", ")
  yield* Stdout.print(
    `${tables.length} tables of ${count(tables.map(({ run_id }) => run_id), "run")} in ${
      count(tables.map(({ location, sink }) => `${sink}:${location}`), "sink")
    }: ${all}`
  )
  if (verdicts.has("still there")) {
    Stderr.hint("Some pruned snapshots are still there, or there again from a backup. The next prune removes them.")
  }
  if (verdicts.has("no longer kept")) {
    Stderr.hint(
      "No longer kept is not an error: the ledger keeps versions of rows instead of whole runs, and you may delete old files."
    )
  }
})
