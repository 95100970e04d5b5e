/**
 * A table over time: every version of every row, and from when to when it was so. A row is known by the tenant and the
 * table's key. It is another version when a column is another, but for what says when the row was seen and for what
 * changes by itself, of which a version has what was seen last.
 */
import { hash } from "node:crypto"
import * as DuckDb from "../staging/DuckDb.ts"
import * as Table from "../Table.ts"

/** What a version has besides the columns of its table. */
const intervals = {
  valid_from: Table.instant("When a run first saw this version."),
  valid_to: Table.timestamp("When a run saw that it was no longer so; NULL while it is."),
  first_run_id: Table.id("The run that first saw this version."),
  last_run_id: Table.id("The run that saw it last.")
}

/** All versions, for whoever asks. */
export const historyOf = ({ key, name, specs }: Table.Table) =>
  Table.make<Table.Specs>({
    name: `${name}_history`,
    doc: `Every version of every row of ${name}, from valid_from on and until valid_to, which is no longer of it.`,
    key: ["tenant", ...key, "valid_from"],
    columns: { ...specs, ...intervals }
  })

/** The columns that a row is known by. */
export const identity = ({ key }: Table.Table) => ["tenant", ...key]

/** The columns that change by themselves. */
export const volatile = ({ columns }: Table.Table) =>
  columns.filter((column) => column.volatile).map(({ name }) => name)

/** The columns of which another value makes another version. */
export const telling = (table: Table.Table) => {
  const others = new Set([...Object.keys(Table.common), ...table.key, ...volatile(table)])
  return table.columns.map(({ name }) => name).filter((name) => !others.has(name))
}

/** A number that two rows share when they are the same version. DuckDB's next release may make another of the same row. */
export const fingerprint = (table: Table.Table, without: ReadonlyArray<string> = []) => {
  const names = telling(table).filter((name) => !without.includes(name))
  return names.length === 0 ? "0::BIGINT" : `(hash(${names.map(DuckDb.name).join(", ")}) >> 1)::BIGINT`
}

/** What such a number was made by, so that one that is kept is not compared with one that was made otherwise. */
export const kindOfFingerprint = (table: Table.Table, release: string) =>
  `DuckDB ${release}, ${telling(table).length} columns ${hash("sha256", telling(table).join(), "hex").slice(0, 12)}`
