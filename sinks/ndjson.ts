/** Newline-delimited JSON: `T/RUN_ID.ndjson.zst`, one object per row; or all rows on standard output, for a pipe. */
import { Effect, Option, Path, Schema } from "effect"
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from "node:zlib"
import * as DuckDb from "../src/duckdb/DuckDb.ts"
import * as Ndjson from "../src/duckdb/Ndjson.ts"
import * as Read from "../src/duckdb/Read.ts"
import * as RowsSql from "../src/duckdb/RowsSql.ts"
import { CannotCreate, InputOutput } from "../src/failure/SinkError.ts"
import * as Files from "../src/files/Files.ts"
import * as ForgetFiles from "../src/files/removal/ForgetFiles.ts"
import type { RecordFormat } from "../src/files/removal/Rewrite.ts"
import * as RunFiles from "../src/files/RunFiles.ts"
import * as StandardOutput from "../src/files/StandardOutput.ts"
import type { Sink } from "../src/Sink.ts"

const standardOutput = "-"

/** DuckDB's name for each compression, and the ending of its files. */
const zstd = { compression: "zstd", suffix: ".ndjson.zst" }
const compressions = [zstd, { compression: "gzip", suffix: ".ndjson.gz" }, { compression: "none", suffix: ".ndjson" }]

/** The format of the records in a file, by its name. */
const formatOf = (file: string): RecordFormat | undefined => {
  if (file.endsWith(".ndjson.zst")) return { hasQuotes: false, codec: [createZstdDecompress, createZstdCompress] }
  if (file.endsWith(".ndjson.gz")) return { hasQuotes: false, codec: [createGunzip, createGzip] }
  return file.endsWith(".ndjson") ? { hasQuotes: false } : undefined
}

const decodeAbout = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ tenant: Schema.String, user_id: Schema.String }))
)
const aboutOf = (line: string) => Option.getOrUndefined(decodeAbout(line))

/** DuckDB counts the records of both files, because the decompression above would overlook a second part of a file. */
const check = Effect.fnUntraced(function*(old: string, made: string, dropped: number) {
  const session = yield* DuckDb.open({})
  const { compression = "none" } = compressions.find(({ suffix }) => old.endsWith(suffix)) ?? {}
  const counts = yield* Effect.forEach(
    [old, made],
    (file) => session.all(`SELECT count(*) FROM ${DuckDb.scanJson(file, "{user_id: 'VARCHAR'}", compression)}`)
  )
  const [before = 0, after = 0] = counts.map((rows) => Number(rows[0]?.[0]))
  if (before !== after + dropped) {
    return yield* new InputOutput({ detail: `${old} has ${before} records, and its copy has ${after} of them` })
  }
}, Effect.scoped)

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

  forget: Effect.fnUntraced(function*(location, tables, person, removal) {
    const { root } = yield* parse(location)
    return yield* ForgetFiles.forget({ root, formatOf, reader: () => aboutOf, check }, tables, person, removal)
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
