/** What of a row tells it apart from others, and from itself on another day; as numbers that SQL makes with the rows. */
import { hash } from "node:crypto"
import * as Table from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"

/** The columns that change by themselves. */
export const volatile = ({ columns }: Table.Table) =>
  columns.filter((column) => column.volatile).map(({ name }) => name)

/** The columns of which another value makes another version. */
export const telling = (table: Table.Table) => {
  const others = new Set([...Object.keys(Table.common), ...table.key, ...volatile(table)])
  return table.columns.map(({ name }) => name).filter((name) => !others.has(name))
}

/** The columns that have the numbers. */
export const hashes = {
  key_hash: Table.bigint("A hash of the key."),
  version_hash: Table.bigint("A hash of the columns that tell versions apart.")
}

/** DuckDB's next release may make another number of the same cells. */
const hashOf = (names: ReadonlyArray<string>) =>
  names.length === 0 ? "0::BIGINT" : `(hash(${names.map(DuckDb.name).join(", ")}) >> 1)::BIGINT`

/** SQL for a number that two rows share when they are the same version. */
export const ofVersion = (table: Table.Table, without: ReadonlyArray<string> = []) =>
  hashOf(telling(table).filter((name) => !without.includes(name)))

/** SQL for a number that two rows of a tenant share when they have the same key. */
export const ofKey = ({ key }: Table.Table) => hashOf(key)

/** A table whose rows have both numbers as well. */
export const hashed = (table: Table.Table) =>
  Table.make<Table.Specs>({
    ...table,
    columns: { ...table.specs, ...hashes }
  })

/** The rows of a query that has the table's columns with their types, and both numbers. */
export const added = (table: Table.Table, query: string) =>
  `SELECT *, ${ofKey(table)} AS key_hash, ${ofVersion(table)} AS version_hash FROM (${query})`

/** A number for what made these, so that those that are kept are not compared with what was made otherwise. */
export const kindOf = (table: Table.Table, release: string) =>
  BigInt(`0x${hash("sha256", [release, ...table.key, "", ...telling(table)].join(), "hex").slice(0, 12)}`)
