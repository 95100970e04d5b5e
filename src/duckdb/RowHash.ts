/** Adds two hashes to each row, in SQL: one tells which row it is, the other which version of the row. */
import { hash } from "node:crypto"
import * as Table from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"

/** The columns that change by themselves. */
export const volatile = ({ columns }: Table.Table) =>
  columns.filter((column) => column.volatile).map(({ name }) => name)

/** The columns whose change makes a new version of a row. */
export const versionColumns = (table: Table.Table) => {
  const others = new Set([...Object.keys(Table.common), ...table.key, ...volatile(table)])
  return table.columns.map(({ name }) => name).filter((name) => !others.has(name))
}

/** The columns of the hashes. */
export const hashes = {
  key_hash: Table.bigint("A hash of the key."),
  version_hash: Table.bigint("A hash of the columns whose change makes a new version.")
}

/** SQL for a hash of columns. Another release of DuckDB may give another number for the same cells. */
const hashOf = (names: ReadonlyArray<string>) =>
  names.length === 0 ? "0::BIGINT" : `(hash(${names.map(DuckDb.name).join(", ")}) >> 1)::BIGINT`

/** SQL for a number that is the same for two rows of the same version. */
export const ofVersion = (table: Table.Table, without: ReadonlyArray<string> = []) =>
  hashOf(versionColumns(table).filter((name) => !without.includes(name)))

/** SQL for a number that is the same for two rows of a tenant with the same key. */
export const ofKey = ({ key }: Table.Table) => hashOf(key)

/** The table with both hashes as additional columns. */
export const hashed = (table: Table.Table) =>
  Table.make<Table.Specs>({
    ...table,
    columns: { ...table.specs, ...hashes }
  })

/** Adds both hashes to a query that has the table's columns with their types. */
export const withHashes = (table: Table.Table, query: string) =>
  `SELECT *, ${ofKey(table)} AS key_hash, ${ofVersion(table)} AS version_hash FROM (${query})`

/**
 * A number for the way hashes were made, so that stored hashes are only compared with hashes that were made the same
 * way.
 */
export const kindOf = (table: Table.Table, release: string) =>
  BigInt(`0x${hash("sha256", [release, ...table.key, "", ...versionColumns(table)].join(), "hex").slice(0, 12)}`)
