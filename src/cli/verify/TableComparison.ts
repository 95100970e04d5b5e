/** Compares one table of one sink with its manifest. */
import { Effect } from "effect"
import * as Fingerprint from "../../duckdb/Fingerprint.ts"
import type { SinkError } from "../../failure/SinkError.ts"
import * as ManifestFile from "../../run/publish/ManifestFile.ts"
import { errorAt } from "../../run/publish/SinkLocation.ts"
import type { ErasedRun } from "../../run/retention/ErasureFile.ts"
import type { Sink } from "../../Sink.ts"
import type { Table } from "../../Table.ts"
import type { VerifiedTable } from "./Findings.ts"

/** The expected state of a run in a place. */
export interface Expected {
  readonly pruned: ManifestFile.Receipt["pruned"]
  /** Whether the run must still be there. */
  readonly isKept: boolean
  /** Whether it is the newest run there. */
  readonly isNewest: boolean
  /** The numbers of the run after an erasure that has begun and not ended. */
  readonly erasing: ErasedRun | undefined
}

type Compared = Pick<VerifiedTable, "rows" | "verdict" | "pruned">

/**
 * Compares the rows that are read back. A ledger keeps one snapshot of each tenant. Where snapshots are never pruned, people may
 * have deleted old files; there only the newest run must still be there.
 */
export const compare = Effect.fnUntraced(function*(
  manifest: ManifestFile.Manifest,
  { name, pruneRuns, read }: Sink<SinkError>,
  location: string,
  table: Table,
  { erasing, isKept, isNewest, pruned }: Expected
) {
  if (read === undefined) return { verdict: "cannot be read back", rows: 0 } satisfies Compared
  return yield* Effect.scoped(Effect.gen(function*() {
    const published = yield* read(location, ManifestFile.publishedOf(manifest), table)
    if (published === undefined) {
      const compared: Compared = pruned !== undefined
        ? { verdict: "pruned", rows: 0, pruned }
        : { verdict: isNewest || (isKept && pruneRuns !== undefined) ? "missing" : "no longer kept", rows: 0 }
      return compared
    }
    const { digest, rows } = yield* Fingerprint.ofPublished(published, table, manifest.fingerprint_algorithm).pipe(
      Effect.mapError(errorAt(name, location))
    )
    const numbers = [manifest, ...erasing === undefined ? [] : [erasing]]
    const isSame = numbers.some((some) => rows === some.rows[table.name] && digest === some.fingerprints[table.name])
    if (pruned !== undefined) return { verdict: "still there", rows, pruned } satisfies Compared
    if (isSame && manifest.erased?.[table.name] !== undefined) return { verdict: "as erased", rows } satisfies Compared
    if (isSame || table.log === null) return { verdict: isSame ? "same" : "differs", rows } satisfies Compared
    const again = yield* read(location, ManifestFile.publishedOf(manifest), table)
    const days = yield* Fingerprint.byDay(again ?? published, table, table.log).pipe(
      Effect.mapError(errorAt(name, location))
    )
    // old days of a log may have been deleted
    const areKept = numbers.some(({ fingerprints }) =>
      [...days].every(([day, digest]) => (fingerprints[day] ?? manifest.fingerprints[day]) === digest)
    )
    return {
      verdict: areKept && !isNewest && rows < (manifest.rows[table.name] ?? 0) ? "no longer kept" : "differs",
      rows
    } satisfies Compared
  }))
})
