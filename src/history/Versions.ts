/**
 * A table over time: every version of every row, and from when to when it was so. A row is known by the tenant and the
 * table's key. It is another version when a column is another, but for what says when the row was seen and for what
 * changes by itself, of which a version has what was seen last.
 */
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
export const rowKey = ({ key }: Table.Table) => ["tenant", ...key]
