/**
 * The outcome of a run: its times, the facts that were counted while its source was read, and its numbers of rows. The
 * manifest stores the outcome, the summary prints it, and the ledger's `runs` table has one row per outcome.
 */
import { Effect, Schema } from "effect"
import { proofs } from "./Pipeline.ts"
import * as Table from "./Table.ts"

/** RFC 3339 in UTC, with milliseconds. */
const OutcomeInstant = Schema.String.check(
  Schema.makeFilter((text) => Number.isFinite(Date.parse(text)) && new Date(text).toISOString() === text)
)

/** A part of a log, from one instant to another. */
const LogPart = Schema.Struct({ from: OutcomeInstant, to: OutcomeInstant })

/** For one field: how many objects have the field (`of`), and in how many of them it is not empty (`filled`). */
export const Filled = Schema.Struct({ of: Schema.Int, filled: Schema.Int })
export interface Filled extends Schema.Schema.Type<typeof Filled> {}

/** The facts about a run that do not depend on its tables: whether it is complete, what it sent, what it warns of. */
export const Facts = Schema.Struct({
  /** When the last answer had arrived: RFC 3339 in UTC. */
  finished_at: Schema.String,
  /** True only if it is proved that the run saw everything that existed at one moment. */
  complete: Schema.Boolean,
  incomplete_reason: Schema.NullOr(Schema.String),
  /**
   * How completeness was proved, see `Proof`. Null if it was not, and in manifests of versions that did not record it.
   */
  proof: Schema.NullOr(Schema.Literals(proofs)).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  total_objects: Schema.NullOr(Schema.Int),
  pages: Schema.Int,
  sweeps: Schema.Int,
  requests: Schema.Int,
  retries: Schema.Int,
  duplicates: Schema.Int,
  /** Objects that changed while the list was read. Their rows have the values that were read last. */
  changed: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  unknown_values: Schema.Int,
  /** Objects about which the source says two things that cannot both be true. */
  contradictions: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  /**
   * By kind of object and field, such as `users.phones`. A run is refused if most values of a field vanished overnight.
   */
  fields: Schema.Record(Schema.String, Filled).pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  /**
   * The tables that the key may read. A table that is missing here was not collected, which is not the same as empty.
   */
  tables_collected: Schema.Array(Schema.String),
  warnings: Schema.Array(Schema.String),
  /**
   * The places that the warnings are about, and how often each. Telemetry and webhooks get this instead of the
   * warnings.
   */
  warned: Schema.Record(Schema.String, Schema.Int).pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  /** The part of a log that the run has read; null for a snapshot. */
  window: Schema.NullOr(Schema.Struct({
    ...LogPart.fields,
    /** Events from before the window that no earlier run had. */
    late: Schema.Int,
    /** Events that were read although a published run had them, or that were read twice. */
    repeated: Schema.Int,
    /**
     * All parts of the log that are read when this run is published, in order. The next run of the log reads the rest.
     */
    covered: Schema.Array(LogPart)
  })).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  /** The pipeline's own counts: each has words for the summary and a name for programs. */
  counts: Schema.Array(Schema.Struct({ name: Schema.String, words: Schema.String, count: Schema.Int })).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed([]))
  )
})
export interface Facts extends Schema.Schema.Type<typeof Facts> {}

export const Outcome = Schema.Struct({
  run_id: Schema.String,
  pipeline: Schema.String,
  /** The name of the tenant. */
  tenant: Schema.String,
  /** The tenant's API host, if it is not the tenant's name. */
  host: Schema.NullOr(Schema.String).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  started_at: OutcomeInstant,
  observed_at: OutcomeInstant,
  tool_version: Schema.String,
  ...Facts.fields,
  /**
   * Columns that the tenant's last run did not have, as TABLE.COLUMN. A newer version of the program may add columns.
   */
  columns_added: Schema.Array(Schema.String).pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  /** Number of rows by table, in the order of the pipeline's tables. */
  rows: Schema.Record(Schema.String, Schema.Int)
})
export interface Outcome extends Schema.Schema.Type<typeof Outcome> {}

/** The tables that a run collected. */
export const collectedTables = (
  tables: ReadonlyArray<Table.Table>,
  { tables_collected }: Pick<Outcome, "tables_collected">
) => tables.filter(({ name }) => tables_collected.includes(name))

/** The count of the tenant: the name of the pipeline's first table, and its number of rows. */
export const objectsOf = ({ rows }: Pick<Outcome, "rows">) => {
  const [[what, seen] = ["rows", 0]] = Object.entries(rows)
  return { what, seen }
}

/** How often the run found something that it warns of. */
export const timesWarned = ({ warned }: Pick<Outcome, "warned">) =>
  Object.values(warned).reduce((sum, times) => sum + times, 0)

/** Whether the run retires its tenant: it asked nobody and has no rows. */
export const isRetired = ({ requests, rows }: Pick<Outcome, "requests" | "rows">) =>
  requests === 0 && Object.values(rows).every((count) => count === 0)

/** The number of rows in each table that the run collected. */
export const rowCounts = (
  tables: ReadonlyArray<Table.Table>,
  outcome: Pick<Outcome, "tables_collected" | "rows">
): Outcome["rows"] =>
  Object.fromEntries(collectedTables(tables, outcome).map(({ name }) => [name, outcome.rows[name] ?? 0]))

/** The ledger's table `runs`: one row per run. */
export const runs = Table.make({
  name: "runs",
  doc: "One row per published run: when it was, what it saw, and whether it was proved complete.",
  key: ["run_id"],
  columns: {
    run_id: Table.id("The id of the run; ids sort by time."),
    pipeline: Table.id("The pipeline that was extracted."),
    tenant: Table.id("The name of the Duo tenant; its API host, if nobody gave it a name."),
    started_at: Table.instant("When the run began."),
    finished_at: Table.instant("When the last answer from Duo had arrived."),
    observed_at: Table.instant("The instant that all rows of the run have in `observed_at`."),
    complete: Table.boolean("Whether it was proved that the run saw everything that existed at one moment."),
    incomplete_reason: Table.text("Why that could not be proved; NULL when complete."),
    users: Table.bigint("Number of users; NULL for runs of pipelines other than mfa."),
    methods: Table.bigint("Number of rows in mfa_methods; NULL for runs of pipelines other than mfa."),
    total_objects: Table.bigint(
      "How many objects (users, in the pipeline mfa) Duo reported; NULL when it did not say."
    ),
    pages: Table.bigint("Pages read."),
    sweeps: Table.bigint("How often the list was read from its start."),
    requests: Table.bigint("HTTP requests sent, including retries."),
    retries: Table.bigint("Requests sent again after a failure."),
    duplicates: Table.bigint("Objects that came twice in a reading; their rows are there once."),
    unknown_values: Table.bigint("Values that this version does not know; the rows have them as Duo sent them."),
    tool_version: Table.text("The version of duo-mfa that made the run."),
    proof: Table.text(
      "How completeness was proved: page (one page had everything), created (every object was created before the reading and seen in it), twice (two readings saw the same objects) or counted (of a log: as many events were read as there are); NULL when incomplete."
    ),
    tables_collected: Table.text("The tables that the key may read, joined by \", \"."),
    columns_added: Table.text(
      "The columns that the tenant's last run did not have, as TABLE.COLUMN, joined by \", \"; NULL for none."
    ),
    window_from: Table.added(
      Table.timestamp("Of a log: the start of the part that the run read; NULL for a snapshot.")
    ),
    window_to: Table.added(Table.timestamp("Of a log: the end of the part that the run read; NULL for a snapshot.")),
    late: Table.added(
      Table.bigint("Of a log: events from before that part that no earlier run had; NULL for a snapshot.")
    )
  }
})

/** The values of the common columns in the rows of the run. */
export const stampOf = ({ observed_at, run_id, tenant }: Outcome): Table.Stamp => ({
  run_id,
  observed_at: micros(observed_at),
  tenant
})

/** The row of `runs` for an outcome. `tables` are the tables of its pipeline. */
export const toRow = (tables: ReadonlyArray<Table.Table>, outcome: Outcome): Table.RowOf<typeof runs> => {
  const { methods = null, users = null } = Object.fromEntries(
    tables.map(({ countedIn, name }) => [countedIn ?? "", outcome.rows[name]])
  )
  return {
    run_id: outcome.run_id,
    pipeline: outcome.pipeline,
    tenant: outcome.tenant,
    started_at: micros(outcome.started_at),
    finished_at: micros(outcome.finished_at),
    observed_at: micros(outcome.observed_at),
    complete: outcome.complete,
    incomplete_reason: outcome.incomplete_reason,
    users,
    methods,
    total_objects: outcome.total_objects,
    pages: outcome.pages,
    sweeps: outcome.sweeps,
    requests: outcome.requests,
    retries: outcome.retries,
    duplicates: outcome.duplicates,
    unknown_values: outcome.unknown_values,
    tool_version: outcome.tool_version,
    proof: outcome.proof,
    tables_collected: outcome.tables_collected.join(", "),
    columns_added: outcome.columns_added.join(", ") || null,
    window_from: outcome.window && micros(outcome.window.from),
    window_to: outcome.window && micros(outcome.window.to),
    late: outcome.window && outcome.window.late
  }
}

const micros = (instant: string) => BigInt(Date.parse(instant)) * 1000n
