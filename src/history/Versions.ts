/**
 * A table over time: every version of every row, with the time from `valid_from` to `valid_to`. Tenant and key identify a
 * row. A row has a new version when a column changes, except the columns of the run and the volatile ones. In those columns a
 * version has the values of the last run that saw it.
 */
import * as Table from "../Table.ts"

/** The columns of a version, in addition to those of its table. */
const intervals = {
  valid_from: Table.instant("The time of the run that first saw this version."),
  valid_to: Table.timestamp("The time of the run that found that this version had ended; NULL if it has not ended."),
  first_run_id: Table.id("The run that first saw this version."),
  last_run_id: Table.id("The run that last saw this version.")
}

/** The table `T_history`: all versions. */
export const historyOf = ({ key, name, specs }: Table.Table) =>
  Table.make<Table.Specs>({
    name: `${name}_history`,
    doc: `Every version of every row of ${name}. A version is valid from valid_from until just before valid_to.`,
    key: ["tenant", ...key, "valid_from"],
    columns: { ...specs, ...intervals }
  })

/** The columns that identify a row. */
export const rowKey = ({ key }: Table.Table) => ["tenant", ...key]
