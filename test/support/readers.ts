/** Reads what the sinks published, with code that the sinks do not use. */
import { DuckDBBlobValue, DuckDBInstance, DuckDBTimestampTZValue, type DuckDBValue } from "@duckdb/node-api"
import { Effect, FileSystem } from "effect"
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet"
import { compressors } from "hyparquet-compressors"
import { readFileSync } from "node:fs"
import { gunzipSync, zstdDecompressSync } from "node:zlib"
import type { Cell, Column, Row } from "../../src/Table.ts"
import type { Reader } from "../laws/sink.ts"

/** RFC 3339 as microseconds, with `Date` if it can represent the instant, otherwise with DuckDB. */
const micros = (text: string): bigint => {
  const [, sign = "", year = "", rest = "", fraction = "0"] = /^(-?)(\d+)(-.*?:\d\d)(?:\.(\d{6}))?Z$/.exec(text) ?? []
  const cycles = Math.max(0, Math.ceil((Number(year) - 9999) / 400))
  const within = `${sign === "-" ? "-" : "+"}${String(Number(year) - cycles * 400).padStart(6, "0")}${rest}Z`
  const days = BigInt(cycles) * 146_097n
  return (BigInt(Date.parse(within)) + days * 86_400_000n) * 1000n + BigInt(fraction)
}

const cellOf = ({ type }: Column, value: unknown): Cell => {
  if (value === null || value === "") return null
  switch (type) {
    case "text":
      return String(value)
    case "boolean":
      return String(value) === "true"
    case "bigint":
      return Number(value)
    case "timestamp":
      return typeof value === "bigint" ? value : micros(String(value))
  }
}

/** A row of a table from an object of values or of texts. */
export const rowOf = (columns: ReadonlyArray<Column>, object: Record<string, unknown>): Row => {
  if (Object.keys(object).join() !== columns.map(({ name }) => name).join()) {
    throw new Error(`the columns are ${Object.keys(object).join()}`)
  }
  return Object.fromEntries(columns.map((column) => [column.name, cellOf(column, object[column.name])]))
}

/** The run whose id names the file. */
const named = (run: Parameters<Reader>[1]) => run.round ?? run

const orNone = <A, E, R>(file: string, rows: Effect.Effect<ReadonlyArray<A>, E, R>) =>
  Effect.flatMap(
    Effect.flatMap(FileSystem.FileSystem, (fs) => fs.exists(file)),
    (there) => there ? rows : Effect.succeed([])
  )

/** The text of a file, decompressed if its name says that it is compressed. */
export const unpacked = (file: string) => {
  const bytes = readFileSync(file)
  return (file.endsWith(".zst") ? zstdDecompressSync(bytes) : file.endsWith(".gz") ? gunzipSync(bytes) : bytes)
    .toString()
}

/** Reads NDJSON with `JSON.parse`. */
export const ndjson: Reader = (location, run, table) => {
  const file = `${location}/${table.name}/${named(run).run_id}.ndjson.zst`
  return orNone(
    file,
    Effect.sync(() => unpacked(file).split("\n").slice(0, -1).map((line) => rowOf(table.columns, JSON.parse(line))))
  )
}

/** Parses CSV exactly as RFC 4180 says: https://www.rfc-editor.org/rfc/rfc4180#section-2 */
export const parseCsv = (content: string): ReadonlyArray<ReadonlyArray<string>> => {
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  const records: Array<Array<string>> = [[]]
  for (let match = field.exec(content); match !== null; match = field.exec(content)) {
    records.at(-1)?.push(match[1]?.replaceAll("\"\"", "\"") ?? match[2] ?? "")
    if (match[3] === "\r\n") records.push([])
    if (field.lastIndex === content.length) return records.slice(0, -1)
  }
  throw new Error("not RFC 4180")
}

/** Beginnings of cells that some spreadsheet takes for a formula. */
const formula = /^[\p{Zs}\p{Cf}"]*[=+\-@\t\r\n＝＋－＠]/u

/** The cells that a spreadsheet with another list separator makes of a line. It ignores the quotes around a field. */
const pieces = (
  cell: string
) => [cell, ...cell.split(/[,;|:^~\p{Cc}\u2028\u2029]/u).slice(1).filter((piece) => piece !== "")]

/** A cell without the guard, which is one apostrophe before a formula. */
const unguarded = (cell: string) =>
  cell.replace(/^([\p{Zs}\p{Cf}"]*)'(?='*[\t\r\n])/u, "$1")
    .split(/(?<=[,;|:^~\p{Cc}\u2028\u2029])/u)
    .map((piece) => piece.replace(/^([\p{Zs}\p{Cf}"]*)'(?='*[=+\-@＝＋－＠])/u, "$1"))
    .join("")

/** Reads CSV with a parser of RFC 4180, and removes the guards. */
export const csv: Reader = (location, run, table) => {
  const file = `${location}/${table.name}/${named(run).run_id}.csv`
  return orNone(
    file,
    Effect.map(Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFile(file)), (bytes) => {
      if (Buffer.from(bytes.subarray(0, 3)).toString("hex") !== "efbbbf") throw new Error("no byte order mark")
      const [header = [], ...records] = parseCsv(Buffer.from(bytes.subarray(3)).toString())
      return records.map((record) =>
        rowOf(
          table.columns,
          Object.fromEntries(header.map((name, index) => {
            const cell = record[index] ?? ""
            const isText = table.columns[index]?.type === "text"
            if (isText && pieces(cell).some((piece) => formula.test(piece))) throw new Error(`a formula: ${cell}`)
            return [name, isText ? unguarded(cell) : cell]
          }))
        )
      )
    })
  )
}

/**
 * Reads Parquet with hyparquet. Timestamps are read as the integers in the file, because hyparquet makes Dates, which
 * have no microseconds. Texts are read as bytes, because hyparquet removes byte order marks.
 */
export const parquetFile = (file: string, columns: ReadonlyArray<Column>) =>
  Effect.promise(async () => {
    const buffer = await asyncBufferFromFile(file)
    const rows = await parquetReadObjects({
      file: buffer,
      compressors,
      parsers: {
        timestampFromMicroseconds: (micros: bigint) => micros,
        stringFromBytes: (bytes: Uint8Array) => Buffer.from(bytes).toString()
      }
    })
    return { metadata: await parquetMetadataAsync(buffer), rows: rows.map((row) => rowOf(columns, row)) }
  })

export const parquet: Reader = (location, run, table) => {
  const day = new Date(Number(named(run).observed_at / 1000n)).toISOString().slice(0, 10)
  const file = `${location}/${table.name}/run_date=${day}/${named(run).run_id}.parquet`
  return orNone(file, Effect.map(parquetFile(file, table.columns), ({ rows }) => rows))
}

/** Runs statements on a DuckDB file as an analyst would. */
export const execute = (file: string, ...statements: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const instance = await DuckDBInstance.create(file)
    const connection = await instance.connect()
    for (const sql of statements) await connection.run(sql)
    connection.closeSync()
    instance.closeSync()
  })

/** The statements that attach a file read-only and use it. */
const attaching = (file: string, name: string) =>
  `ATTACH '${file.replaceAll("'", "''")}' AS ${name} (READ_ONLY); USE ${name}`

/** One DuckDB for all queries, in turn, because making one takes ten times as long as attaching a file. */
let shared: Promise<DuckDBInstance> | undefined
let turn: Promise<unknown> = Promise.resolve()

const ask = async (file: string, sql: string) => {
  const connection = await (await (shared ??= DuckDBInstance.create())).connect()
  try {
    await connection.run(attaching(file, "asked"))
    return (await connection.runAndReadAll(sql)).getRowObjects()
  } finally {
    await connection.run("USE memory; DETACH DATABASE IF EXISTS asked")
    connection.closeSync()
  }
}

/** Runs a query on a DuckDB file, which is opened read-only. */
export const query = (file: string, sql: string) =>
  Effect.promise(() => {
    const answer = turn.then(() => ask(file, sql))
    turn = answer.catch(() => undefined)
    return answer
  })

/** Runs queries in a DuckDB in memory, after a script. */
export const inMemory = <A>(
  script: string,
  use: (ask: (sql: string) => Effect.Effect<ReadonlyArray<Record<string, DuckDBValue>>>) => Effect.Effect<A>
) =>
  Effect.acquireUseRelease(
    Effect.promise(() => DuckDBInstance.create(":memory:")),
    (instance) =>
      Effect.gen(function*() {
        const connection = yield* Effect.promise(() => instance.connect())
        yield* Effect.promise(() => connection.run(script))
        const answer = yield* use((sql) =>
          Effect.promise(async () => (await connection.runAndReadAll(sql)).getRowObjects())
        )
        connection.closeSync()
        return answer
      }),
    (instance) => Effect.sync(() => instance.closeSync())
  )

/** Runs queries on a DuckDB file, which is opened once and read-only. */
export const within = <A>(file: string, use: Parameters<typeof inMemory<A>>[1]) => inMemory(attaching(file, "duo"), use)

const plainValue = (value: DuckDBValue) =>
  value instanceof DuckDBBlobValue
    ? Buffer.from(value.bytes).toString()
    : value instanceof DuckDBTimestampTZValue
    ? value.micros
    : value

/** Reads a ledger with DuckDB itself. Texts are read as bytes, because the library removes byte order marks. */
export const duckdb: Reader = (location, run, table) => {
  const cells = table.columns.map(({ name, type }) => type === "text" ? `encode(${name}) AS ${name}` : name)
  return orNone(
    location,
    Effect.map(
      query(location, `SELECT ${cells.join()} FROM ${table.name}`),
      (rows) =>
        rows.map((row) =>
          rowOf(
            table.columns,
            Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(value)]))
          )
        ).filter(({ run_id }) => run_id === run.run_id)
    )
  )
}
