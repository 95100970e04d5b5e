/**
 * A hash of a set of rows that does not depend on their order: the engine makes it of what it hands to the sinks,
 * `verify` of what it reads back from them.
 */
import { hash } from "node:crypto"
import type { Row, Table } from "./Table.ts"

export interface Fingerprint {
  readonly add: (rows: ReadonlyArray<Row>) => void
  readonly rows: () => number
  /** 32 hex digits. */
  readonly digest: () => string
}

/** Each row's SHA-256 is added up in four lanes of 32 bits. */
export const make = (table: Table): Fingerprint => {
  const names = table.columns.map((_) => _.name)
  const lanes = new Uint32Array(4)
  let count = 0
  return {
    add: (rows) => {
      for (const row of rows) {
        const digest = hash("sha256", JSON.stringify(names.map((name) => text(row[name]))), "buffer")
        for (let lane = 0; lane < lanes.length; lane++) lanes[lane] = (lanes[lane] ?? 0) + digest.readUInt32LE(lane * 4)
        count++
      }
    },
    rows: () => count,
    digest: () => [...lanes].map((lane) => lane.toString(16).padStart(8, "0")).join("")
  }
}

const text = (cell: Row[string] | undefined) => typeof cell === "bigint" ? String(cell) : cell
