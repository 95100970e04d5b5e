/** Finds the runs whose history only the ledger has, because their snapshots were pruned or never made. */
import { Result, Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import type * as ManifestFile from "../../run/publish/ManifestFile.ts"
import { commandName } from "../terminal/CommandName.ts"

/** There are runs without a snapshot, which a rebuild would lose. */
export class OnlyInLedger extends Schema.TaggedError<OnlyInLedger>()("OnlyInLedger", {
  ledger: Schema.String,
  /** Whether the ledger is there. */
  isThere: Schema.Boolean,
  /** The ids of the runs, oldest first. */
  runs: Schema.Array(Schema.String),
  /** How many of them were pruned. */
  pruned: Schema.Int
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.refused
  override get message() {
    const { isThere, ledger, pruned, runs } = this
    const why = pruned === 0 ? "there is no Parquet snapshot of them" : `prune removed the snapshots of ${pruned}`
    const only = `The history of ${runs.length} runs, from ${runs.at(0)} to ${runs.at(-1)}, ${
      isThere ? `is only in ${ledger}` : `was only in ${ledger}, which is not there`
    }, because ${why}.`
    return `${only} Nothing changed. ${
      isThere ? "Keep the ledger, and copies of it." : "Restore the ledger from a copy."
    } To make a ledger without that history, run ${commandName()} rebuild --kept-only.`
  }
}

/** A published run that the ledger had, and whether its snapshots were pruned anywhere. */
interface Known {
  readonly run_id: string
  readonly isPruned: boolean
}

/** The runs that were published in a sink, without those of logs. A manifest that cannot be read says nothing. */
export const published = (
  files: ReadonlyArray<
    { readonly manifests: Result.Result<ReadonlyArray<ManifestFile.Manifest>, ExpectedFailure> }
  >,
  sink: string,
  logs: ReadonlyArray<string>
): ReadonlyArray<Known> =>
  files.flatMap(({ manifests }) => Result.isSuccess(manifests) ? manifests.success : [])
    .filter(({ pipeline, sinks }) => !logs.includes(pipeline) && sinks.some((receipt) => receipt.sink === sink))
    .map(({ run_id, sinks }) => ({ run_id, isPruned: sinks.some(({ pruned }) => pruned !== undefined) }))

/** The failure for runs that have no snapshot; undefined if there are none. `inLedger` is undefined if there is no ledger. */
export const lost = (
  ledger: string,
  known: ReadonlyArray<Known>,
  inLedger: ReadonlyArray<string> | undefined,
  snapshots: ReadonlyArray<string>
) => {
  const there = new Set(snapshots)
  const runs = [...new Set([...known.map(({ run_id }) => run_id), ...inLedger ?? []])].filter((id) => !there.has(id))
  const pruned = known.filter(({ isPruned, run_id }) => isPruned && runs.includes(run_id)).length
  return runs.length === 0
    ? undefined
    : new OnlyInLedger({ ledger, isThere: inLedger !== undefined, runs: runs.toSorted(), pruned })
}
