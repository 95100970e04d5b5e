/**
 * What becomes of the cells that say something about a person, before they are counted, hashed for the manifest or given
 * to any sink: they are kept, replaced by a keyed hash, or left out.
 */
import { createHmac } from "node:crypto"
import type { Batch, Table } from "./Table.ts"

export const treatments = ["keep", "hash", "drop"] as const
export type Treatment = typeof treatments[number]

/** What a personal text becomes; it is never asked about NULL, which stays NULL. */
export type Replace = (text: string) => string | null

/** Nothing is left of it. */
export const drop: Replace = () => null

/**
 * HMAC-SHA256 of its UTF-8, as 64 hex digits. Where the text stands makes no difference, so that equal texts stay equal in
 * all columns, tables and runs that share the key, and can be joined by.
 */
export const hash = (key: Uint8Array): Replace => (text) => createHmac("sha256", key).update(text, "utf8").digest("hex")

/** Batches of these tables with every personal text replaced. */
export const replacing = (tables: ReadonlyArray<Table>, replace: Replace) => {
  const personal = new Map(tables.map(({ columns, name }) => [
    name,
    columns.filter((column) => column.personal).map((column) => column.name)
  ]))
  return (batch: Batch): Batch =>
    Object.fromEntries(
      Object.entries(batch).map(([table, rows]) => {
        const names = personal.get(table) ?? []
        return [
          table,
          rows.map((row) => {
            const replaced = { ...row }
            for (const name of names) {
              const cell = row[name]
              if (typeof cell === "string") replaced[name] = replace(cell)
            }
            return replaced
          })
        ]
      })
    )
}
