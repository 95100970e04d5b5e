/**
 * A hash of a set of rows that does not depend on their order: the engine makes it of what it hands to the sinks,
 * `verify` of what it reads back from them. A row is hashed as its line of NDJSON.
 */
import { Effect, Stream } from "effect"
import { hash } from "node:crypto"
import { collected, type Outcome } from "../Outcome.ts"
import type { Rows } from "../Sink.ts"
import type { Table } from "../Table.ts"
import * as Ndjson from "./Ndjson.ts"

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

/** Of the rows of the tables that a run collected, by table. */
export const ofRun = Effect.fnUntraced(function*(rows: Rows, tables: ReadonlyArray<Table>, outcome: Outcome) {
  const fingerprints: Record<string, string> = {}
  for (const table of collected(tables, outcome)) {
    const encode = Ndjson.encoder(table)
    const fingerprint = make()
    yield* Stream.runForEach(
      rows.stream(table, outcome.run_id),
      (some) => Effect.sync(() => fingerprint.add(encode(some).lines))
    ).pipe(Effect.scoped)
    fingerprints[table.name] = fingerprint.digest()
  }
  return fingerprints
})
