/**
 * What a run knows about itself when its last page is in: the facts that its source counted, its times, its rows. The
 * manifest keeps it, the summary prints it, and the ledger's `runs` table has one row of it a run.
 */
import { Effect, Schema } from "effect"
import { proofs } from "./Pipeline.ts"
import * as Table from "./Table.ts"

/** Of the objects that can say something in a field: how many there are, and how many of them do. */
export const Filled = Schema.Struct({ of: Schema.Int, filled: Schema.Int })
export interface Filled extends Schema.Schema.Type<typeof Filled> {}

/** What the source of a pipeline counts while its batches go by, final once the last one is out. */
export const Facts = Schema.Struct({
  /** When the last answer was in. RFC 3339, UTC. */
  finished_at: Schema.String,
  /** True only if everything that was there at one moment was seen. */
  complete: Schema.Boolean,
  incomplete_reason: Schema.NullOr(Schema.String),
  /** How it was proved, as `Proof` says; null when it was not, or by a version that did not say. */
  proof: Schema.NullOr(Schema.Literals(proofs)).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  total_objects: Schema.NullOr(Schema.Int),
  pages: Schema.Int,
  sweeps: Schema.Int,
  requests: Schema.Int,
  retries: Schema.Int,
  duplicates: Schema.Int,
  /** Objects that were not the same whenever they were read: their rows are as they were read last. */
  changed: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  unknown_values: Schema.Int,
  /** Objects of which the source says two things that cannot both be true. */
  contradictions: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  /** By kind of object and field, such as `users.phones`: a field that empties overnight is not believed. */
  fields: Schema.Record(Schema.String, Filled).pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  /** The tables that the key may read: one that is missing here was not collected, which is not the same as empty. */
  tables_collected: Schema.Array(Schema.String),
  warnings: Schema.Array(Schema.String),
  /** The places that the warnings are about, and how often each: of warnings no more than this leaves the machine. */
  warned: Schema.Record(Schema.String, Schema.Int).pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  /** What the pipeline counts among its objects, each for the summary in a few words and for programs under a name. */
  counts: Schema.Array(Schema.Struct({ name: Schema.String, words: Schema.String, count: Schema.Int })).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed([]))
  )
})
export interface Facts extends Schema.Schema.Type<typeof Facts> {}

/** RFC 3339, UTC, with milliseconds. */
const Instant = Schema.String.check(
  Schema.makeFilter((text) => Number.isFinite(Date.parse(text)) && new Date(text).toISOString() === text)
)

export const Outcome = Schema.Struct({
  run_id: Schema.String,
  pipeline: Schema.String,
  tenant: Schema.String,
  started_at: Instant,
  observed_at: Instant,
  tool_version: Schema.String,
  ...Facts.fields,
  /** Columns that the run of the tenant before it did not have, as TABLE.COLUMN: a later version has more. */
  columns_added: Schema.Array(Schema.String).pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  /** Rows by table, in the order of the pipeline's. */
  rows: Schema.Record(Schema.String, Schema.Int)
})
export interface Outcome extends Schema.Schema.Type<typeof Outcome> {}

/** Those of the tables that a run could collect. */
export const collected = (
  tables: ReadonlyArray<Table.Table>,
  { tables_collected }: Pick<Outcome, "tables_collected">
) => tables.filter(({ name }) => tables_collected.includes(name))

/** What was counted: the rows of the pipeline's first table, and its name. */
export const objectsOf = ({ rows }: Pick<Outcome, "rows">) => {
  const [[what, seen] = ["rows", 0]] = Object.entries(rows)
  return { what, seen }
}

/** How many rows the run has in each of the tables that it could collect. */
export const rowsOf = (
  tables: ReadonlyArray<Table.Table>,
  outcome: Pick<Outcome, "tables_collected" | "rows">
): Outcome["rows"] => Object.fromEntries(collected(tables, outcome).map(({ name }) => [name, outcome.rows[name] ?? 0]))

/** The ledger's `runs`: one row a run. */
export const runs = Table.make({
  name: "runs",
  doc: "One row a published run: when it was, what it saw, and whether it was proved complete.",
  key: ["run_id"],
  columns: {
    run_id: Table.id("The run; sorts by time."),
    pipeline: Table.id("What was extracted."),
    tenant: Table.id("The API host of the Duo tenant."),
    started_at: Table.instant("When the run began."),
    finished_at: Table.instant("When the last answer of its source was in."),
    observed_at: Table.instant("The instant that its rows carry."),
    complete: Table.boolean("Whether the snapshot was proved to hold everything of one moment."),
    incomplete_reason: Table.text("Why it could not be proved; NULL when complete."),
    users: Table.bigint("Distinct users seen; NULL in a run of another pipeline than mfa."),
    methods: Table.bigint("Rows of mfa_methods; NULL in a run of another pipeline than mfa."),
    total_objects: Table.bigint(
      "How many users, or what else was extracted, Duo said there are; NULL when it did not say."
    ),
    pages: Table.bigint("Pages read."),
    sweeps: Table.bigint("Times the list was read from its start."),
    requests: Table.bigint("HTTP requests sent, retries included."),
    retries: Table.bigint("Requests sent again after a failure."),
    duplicates: Table.bigint("Objects that came twice and were kept once."),
    unknown_values: Table.bigint("Values that this version does not know; kept as they came."),
    tool_version: Table.text("The version of duo-mfa."),
    proof: Table.text(
      "How it was proved: page (one page had everything), created (everything was created before the reading and seen in it) or twice (two readings saw the same); NULL when incomplete."
    ),
    tables_collected: Table.text("The tables that the key may read, joined by \", \"."),
    columns_added: Table.text(
      "The columns that the run before it did not have, as TABLE.COLUMN, joined by \", \"; NULL for none."
    )
  }
})

/** What the rows of the run carry. */
export const stampOf = ({ observed_at, run_id, tenant }: Outcome): Table.Stamp => ({
  run_id,
  observed_at: micros(observed_at),
  tenant
})

/** The row of `runs`. */
export const toRow = (outcome: Outcome): Table.RowOf<typeof runs> => ({
  run_id: outcome.run_id,
  pipeline: outcome.pipeline,
  tenant: outcome.tenant,
  started_at: micros(outcome.started_at),
  finished_at: micros(outcome.finished_at),
  observed_at: micros(outcome.observed_at),
  complete: outcome.complete,
  incomplete_reason: outcome.incomplete_reason,
  users: outcome.rows["users"] ?? null,
  methods: outcome.rows["mfa_methods"] ?? null,
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
  columns_added: outcome.columns_added.join(", ") || null
})

const micros = (instant: string) => BigInt(Date.parse(instant)) * 1000n
