/** The table `meta` of a ledger: its format. A version of duo-mfa that does not know the format refuses the ledger. */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { Corrupt, NewerFormat } from "../../failure/SinkError.ts"
import { runs } from "../../Outcome.ts"
import * as Table from "../../Table.ts"
import { format, isNewer, version, type Written } from "../../Version.ts"

/** The table `meta`, which has one row. */
export const meta = Table.make({
  name: "meta",
  doc: "The format of the ledger and the version of duo-mfa that wrote it, in one row.",
  key: ["format"],
  columns: {
    format: Table.bigint(
      "The format of the ledger. A version of duo-mfa that does not know this format refuses the ledger."
    ),
    tool_version: Table.text("The version of duo-mfa that wrote the ledger last.")
  }
})

/**
 * The format of a ledger and the version that wrote it; format 0 if it has no number yet, and `undefined` if the database is
 * not a ledger yet. Fails if only a later version knows the format.
 */
export const read = Effect.fnUntraced(function*(session: DuckDb.Session, catalog: string) {
  const names = (yield* session.all(
    `SELECT table_name FROM duckdb_tables() WHERE database_name = ${DuckDb.literal(catalog)} AND schema_name = 'main'`
  )).flat()
  if (!names.includes(meta.name)) return names.includes(runs.name) ? { format: 0, tool_version: "" } : undefined
  const columns = yield* session.all(`DESCRIBE ${catalog}.main.${meta.name}`)
  const isOurs = meta.columns.every(({ name, type }) =>
    columns.some(([column, found]) => column === name && found === DuckDb.types[type])
  )
  if (!isOurs) return yield* new Corrupt({ detail: `its table ${meta.name} was not made by duo-mfa` })
  const [row] = yield* session.all(`SELECT ${DuckDb.names(meta)} FROM ${catalog}.main.${meta.name}`)
  const written: Written = { format: Number(row?.[0] ?? 0), tool_version: String(row?.[1] ?? "") }
  if (isNewer(written)) return yield* new NewerFormat(written)
  return written
})

/** The query for a row of `meta` with the format of this version, for views that this version makes over other data. */
export const rowOfThisVersion = `SELECT ${format}::BIGINT AS format, ${DuckDb.literal(version)} AS tool_version`

/** The statements that make `meta` and write the format and the version into it. */
export const statements = (catalog: string): ReadonlyArray<string> => {
  const qualified = `${catalog}.main.${meta.name}`
  return [
    DuckDb.create(qualified, meta),
    ...DuckDb.comments("TABLE", qualified, meta),
    `DELETE FROM ${qualified}`,
    `INSERT INTO ${qualified} ${rowOfThisVersion}`
  ]
}
