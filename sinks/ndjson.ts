/** Newline-delimited JSON: `T/RUN_ID.ndjson.zst`, one object per row; or all rows on standard output, for a pipe. */
import { Effect, Path } from "effect"
import * as Ndjson from "../src/duckdb/Ndjson.ts"
import * as Read from "../src/duckdb/Read.ts"
import * as RowsSql from "../src/duckdb/RowsSql.ts"
import { CannotCreate } from "../src/failure/SinkError.ts"
import * as Files from "../src/files/Files.ts"
import * as RunFiles from "../src/files/RunFiles.ts"
import * as StandardOutput from "../src/files/StandardOutput.ts"
import type { Sink } from "../src/Sink.ts"

const standardOutput = "-"

/** DuckDB's name for each compression, and the ending of its files. */
const zstd = { compression: "zstd", suffix: ".ndjson.zst" }
const compressions = [zstd, { compression: "gzip", suffix: ".ndjson.gz" }, { compression: "none", suffix: ".ndjson" }]

const option = /\?compression=(zstd|gzip|none)$/

/** Parses a location such as `DIR?compression=gzip`. */
const parse = Effect.fnUntraced(function*(location: string) {
  const path = yield* Path.Path
  const chosen = option.exec(location)?.[1]
  return {
    root: path.resolve(location.replace(option, "")),
    ...compressions.find(({ compression }) => compression === chosen) ?? zstd
  }
})

const rootOf = (location: string) => Effect.map(parse(location), ({ root }) => root)

const publishFiles = Files.publish(rootOf)

const ndjson: Sink = {
  name: "ndjson",
  doc:
    "Newline-delimited JSON, one file per run and table, in zstd; ?compression=gzip or none; ndjson:- writes to standard output.",
  location: (dataDirectory) => `${dataDirectory}/ndjson`,

  open: Effect.fnUntraced(function*(location, run, directory) {
    const path = yield* Path.Path
    const isStandardOutput = location === standardOutput
    const { compression, root, suffix } = yield* parse(isStandardOutput ? `${directory}?compression=none` : location)
    if (root.includes("?")) {
      return yield* new CannotCreate({
        detail: "a ? can only begin ?compression=zstd, ?compression=gzip or ?compression=none"
      })
    }
    return yield* RunFiles.open(run, {
      root,
      target: ({ name }, id) => path.join(root, name, `${id}${suffix}`),
      write: (file, table, run_ids, { session }) =>
        RowsSql.copy(
          session,
          Ndjson.objects(table, RowsSql.select(table, ...run_ids), isStandardOutput),
          file,
          `FORMAT json, COMPRESSION ${compression}`
        ),
      seal: isStandardOutput ? StandardOutput.seal : Files.seal
    })
  }),

  publish: (publication, run_id, location) =>
    location === standardOutput
      ? StandardOutput.publish(publication, run_id)
      : publishFiles(publication, run_id, location),

  discard: (location, run_id) =>
    location === standardOutput
      ? Effect.void
      : Effect.flatMap(rootOf(location), (root) => Files.discard(root, run_id)),

  pruneRuns: Effect.fnUntraced(function*(location, tables, runs, removal) {
    const path = yield* Path.Path
    const { root } = yield* parse(location)
    return yield* RunFiles.prune(
      tables,
      runs,
      removal,
      ({ name }, id) => compressions.map(({ suffix }) => path.join(root, name, `${id}${suffix}`))
    )
  }),

  read: Effect.fn("ndjson.read")(function*(location, run, table) {
    const path = yield* Path.Path
    if (location === standardOutput) return undefined
    const { root, suffix: chosen } = yield* parse(location)
    // earlier versions wrote uncompressed files, whatever the location said
    for (const suffix of new Set([chosen, ...compressions.map(({ suffix }) => suffix)])) {
      const rows = yield* Read.ndjson(path.join(root, table.name, `${Read.newestOf(run).run_id}${suffix}`), run, table)
      if (rows !== undefined) return rows
    }
    return undefined
  })
}

export default ndjson
