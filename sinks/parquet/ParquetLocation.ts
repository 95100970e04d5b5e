/** A location of the Parquet sink, and the paths of its snapshots. */
import { Effect, Path } from "effect"
import * as Instant from "../../src/duckdb/Instant.ts"
import type { Stamp, Table } from "../../src/Table.ts"

const option = /\?compression=(zstd|snappy)$/

/** Parses a location such as `DIR?compression=snappy`. */
export const parse = Effect.fnUntraced(function*(location: string) {
  const path = yield* Path.Path
  const root = path.resolve(location.replace(option, ""))
  return {
    compression: option.exec(location)?.[1] ?? "zstd",
    root,
    snapshot: ({ observed_at, run_id }: Pick<Stamp, "run_id" | "observed_at">, { name }: Table) =>
      path.join(root, name, `run_date=${Instant.format(observed_at).split("T").at(0)}`, `${run_id}.parquet`),
    current: ({ name }: Table) => path.join(root, "current", `${name}.parquet`)
  }
})

/** The directory of a location. */
export const rootOf = (location: string) => Effect.map(parse(location), ({ root }) => root)
