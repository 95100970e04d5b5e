/**
 * A hash of a set of rows that does not depend on their order: the engine makes it of what it hands to the sinks,
 * `verify` of what it reads back from them. A row is hashed as its line of NDJSON.
 */
import { hash } from "node:crypto"

export interface Fingerprint {
  readonly add: (lines: ReadonlyArray<Uint8Array>) => void
  readonly rows: () => number
  /** 32 hex digits. */
  readonly digest: () => string
}

/** Each row's SHA-256 is added up in four lanes of 32 bits. */
export const make = (): Fingerprint => {
  const lanes = new Uint32Array(4)
  let count = 0
  return {
    add: (lines) => {
      for (const line of lines) {
        const digest = hash("sha256", line, "buffer")
        for (let lane = 0; lane < lanes.length; lane++) lanes[lane] = (lanes[lane] ?? 0) + digest.readUInt32LE(lane * 4)
      }
      count += lines.length
    },
    rows: () => count,
    digest: () => [...lanes].map((lane) => lane.toString(16).padStart(8, "0")).join("")
  }
}
