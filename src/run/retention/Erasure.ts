/**
 * Erases a person from all places. First a file says which numbers and fingerprints the runs will have, then the sinks erase
 * the person, then the manifests get the new numbers. If the process is killed, the same command does the rest. The new
 * fingerprint is the old one without the hashes of the person's rows, so a change by somebody else is still found.
 */
import { Effect, Stream } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import * as Fingerprint from "../../duckdb/Fingerprint.ts"
import * as RowsSql from "../../duckdb/RowsSql.ts"
import type { SinkError, SinkReason } from "../../failure/SinkError.ts"
import { collectedTables } from "../../Outcome.ts"
import type { Person, PersonRows, Published, Sink } from "../../Sink.ts"
import type { Row, Table } from "../../Table.ts"
import { format, version } from "../../Version.ts"
import type { Manifests } from "../publish/Manifest.ts"
import * as ManifestFile from "../publish/ManifestFile.ts"
import { errorAt } from "../publish/SinkLocation.ts"
import { isNamed } from "../publish/TrustedTarget.ts"
import type { ErasedRun, OpenErasure } from "./ErasureFile.ts"
import * as ErasureFile from "./ErasureFile.ts"
import { prunedIn } from "./Pruning.ts"

/** A place whose sink can erase a person. */
export interface ErasingPlace extends ManifestFile.Target {
  readonly open: Sink<SinkError>
}

/** A person of one tenant. */
export type TenantPerson = Person & { readonly tenant: string }

/** Whether a table has rows about persons. */
export const isPersonal = ({ columns }: Table) => columns.some(({ name }) => name === "user_id")

/** The person's rows in each place, over all runs. */
export const count = (places: ReadonlyArray<ErasingPlace>, tables: ReadonlyArray<Table>, person: Person) =>
  Effect.forEach(places, ({ location, open, sink }) =>
    Effect.map(
      Effect.scoped(
        open.forget?.(location, tables, person, { dryRun: true, run_id: "" }) ??
          Effect.succeed<ReadonlyArray<PersonRows>>([])
      ),
      (rows) => ({ sink, location, rows })
    ))

/** The person's rows among published ones. */
const rowsOf = Effect.fnUntraced(function*<E>(
  published: Published<E>,
  table: Table,
  { tenant, user_id }: TenantPerson
): Effect.fn.Return<ReadonlyArray<Row>, E | SinkReason> {
  if (Stream.isStream(published)) {
    const chunks = yield* Stream.runCollect(
      Stream.map(published, (rows) => rows.filter((row) => row["user_id"] === user_id && row["tenant"] === tenant))
    )
    return chunks.flat()
  }
  const sql = `SELECT * FROM (${published.sql})
    WHERE user_id = ${DuckDb.literal(user_id)} AND tenant = ${DuckDb.literal(tenant)}`
  return (yield* Stream.runCollect(RowsSql.stream(published.session, table, sql))).flat()
})

/** The person's rows in a table of a run, from the first place that has the run; none if no place has it. */
const readRows = Effect.fnUntraced(function*(
  places: ReadonlyArray<ErasingPlace>,
  manifest: ManifestFile.Manifest,
  table: Table,
  person: TenantPerson
) {
  for (const { location, open, sink } of places) {
    const isThere = isNamed(manifest.sinks, { sink, location })
    const isKept = prunedIn(manifest, { sink, location }) === undefined && (open.keeps?.(table) ?? true)
    if (!isThere || !isKept || open.read === undefined) continue
    const rows = yield* Effect.scoped(
      Effect.flatMap(
        open.read(location, ManifestFile.publishedOf(manifest), table),
        (published) =>
          published === undefined
            ? Effect.undefined
            : Effect.mapError(rowsOf(published, table, person), errorAt(sink, location))
      )
    )
    if (rows !== undefined) return rows
  }
  return []
})

/** The digests that change when the rows are erased: that of the table, and those of the days of a log. */
const digestsWithout = Effect.fnUntraced(
  function*(
    { fingerprint_algorithm: by, fingerprints }: ManifestFile.Manifest,
    table: Table,
    rows: ReadonlyArray<Row>
  ) {
    const { digest } = yield* Fingerprint.ofRows(Stream.make(rows), table, by)
    const days = table.log === null ? [] : [...yield* Fingerprint.byDay(Stream.make(rows), table, table.log)]
    const parts = [[table.name, digest, by] as const, ...days.map(([day, sum]) => [day, sum, "md5-sum"] as const)]
    return Object.fromEntries(
      parts.flatMap(([name, part, by]) => {
        const whole = fingerprints[name]
        return whole === undefined ? [] : [[name, Fingerprint.without(whole, part, by)]]
      })
    )
  }
)

/** Finds the person's rows, the newest first, and the numbers that the runs have without them. */
export const plan = Effect.fnUntraced(function*(
  manifests: ReadonlyArray<ManifestFile.Manifest>,
  places: ReadonlyArray<ErasingPlace>,
  tablesOf: (pipeline: string) => ReadonlyArray<Table>,
  person: TenantPerson
) {
  const runs: Array<ErasedRun> = []
  const found: Array<Row> = []
  for (const manifest of manifests) {
    if (manifest.tenant !== person.tenant) continue
    let changed: Pick<ErasedRun, "rows" | "fingerprints" | "erased"> | undefined
    for (const current of collectedTables(tablesOf(manifest.pipeline), manifest)) {
      const table = ManifestFile.tableOf(current, manifest)
      const rows = isPersonal(table) ? yield* readRows(places, manifest, table, person) : []
      if (rows.length === 0) continue
      found.push(...rows)
      const [name, before] = [table.name, manifest.erased?.[table.name] ?? 0]
      changed = {
        rows: { ...changed?.rows, [name]: (manifest.rows[name] ?? 0) - rows.length },
        fingerprints: { ...changed?.fingerprints, ...yield* digestsWithout(manifest, table, rows) },
        erased: { ...changed?.erased, [name]: before + rows.length }
      }
    }
    const { round, run_id } = manifest
    if (changed !== undefined) runs.push({ id: round?.run_id ?? run_id, run_id, ...changed })
  }
  return { runs, found }
})

/** An erasure that begins; the runs are found later. */
export const begun = (
  run_id: string,
  erased_at: string,
  { tenant, user_id }: TenantPerson,
  counted: Effect.Success<ReturnType<typeof count>>
): OpenErasure => ({
  format,
  tool_version: version,
  run_id,
  erased_at,
  tenant,
  user_id,
  runs: [],
  places: counted.map(({ location, rows, sink }) => ({
    sink,
    location,
    rows: Object.fromEntries(rows.filter((row) => row.tenant === tenant).map(({ rows, table }) => [table, rows]))
  }))
})

/** The run with its new numbers. */
const without = <R extends ManifestFile.FingerprintedRun>(run: R, { erased, fingerprints, rows }: ErasedRun): R => ({
  ...run,
  rows: { ...run.rows, ...rows },
  fingerprints: { ...run.fingerprints, ...fingerprints },
  erased: { ...run.erased, ...erased }
})

const change = (file: ManifestFile.File, erased: ErasedRun): ManifestFile.File =>
  "runs" in file
    ? {
      ...file,
      runs: [
        file.runs[0].run_id === erased.run_id ? without(file.runs[0], erased) : file.runs[0],
        ...file.runs.slice(1).map((run) => run.run_id === erased.run_id ? without(run, erased) : run)
      ]
    }
    : {
      ...without(file, erased),
      sinks: file.sinks.map((receipt) => ({ ...receipt, rows: { ...receipt.rows, ...erased.rows } }))
    }

/** Erases the person of a begun erasure from all places, and writes the record. */
export const perform = Effect.fnUntraced(function*<E, R>(
  dataDirectory: string,
  manifests: Manifests,
  tables: ReadonlyArray<Table>,
  sinkAt: (target: ManifestFile.Target) => Effect.Effect<Sink<SinkError>, E, R>,
  erasure: OpenErasure
) {
  const { places, run_id, runs, tenant, user_id } = erasure
  const files = yield* ErasureFile.make(dataDirectory)
  yield* manifests.open(run_id, places)
  for (const target of places) {
    const { forget } = yield* sinkAt(target)
    if (forget === undefined) continue
    yield* Effect.scoped(forget(target.location, tables, { tenant, user_id }, { dryRun: false, run_id }))
  }
  for (const run of runs) yield* manifests.change(run.id, (file) => change(file, run))
  yield* files.end(erasure)
  yield* manifests.discarded(run_id)
})

/** The runs that an erasure is about to change, which may have their old rows or their new ones. */
export const pending = Effect.fnUntraced(function*(dataDirectory: string) {
  const open = yield* (yield* ErasureFile.make(dataDirectory)).open
  return new Map(open.flatMap(({ runs }) => runs.map((run) => [run.run_id, run] as const)))
})
