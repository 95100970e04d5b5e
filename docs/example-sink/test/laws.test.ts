/** Both sinks under the laws. What they publish is read by means that they do not use: zlib with JSON.parse, hyparquet. */
import type { Column, PublishedRun, Row, Stamp, Table } from "duo-mfa/sink"
import { sinkLaws } from "duo-mfa/testing"
import { Effect } from "effect"
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet"
import { existsSync, readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"
import gzip from "../src/gzip.ts"
import sorted from "../src/sorted.ts"

/** RFC 3339 as microseconds. `Date` ends before the calendar does, which is the same again after 400 years. */
const micros = (text: string): bigint => {
  const [, sign = "", year = "", rest = "", fraction = "0"] = /^(-?)(\d+)(-.*?:\d\d)(?:\.(\d{6}))?Z$/.exec(text) ?? []
  const cycles = Math.max(0, Math.ceil((Number(year) - 9999) / 400))
  const date = `${sign || "+"}${String(Number(year) - cycles * 400).padStart(6, "0")}${rest}Z`
  return (BigInt(Date.parse(date)) + BigInt(cycles) * 146_097n * 86_400_000n) * 1000n + BigInt(fraction)
}

/** A cell of a file as a row has it. */
const cell = ({ type }: Column, value: unknown) =>
  value === null || value === undefined
    ? null
    : type === "timestamp"
    ? typeof value === "bigint" ? value : micros(String(value))
    : type === "bigint"
    ? Number(value)
    : type === "boolean"
    ? value === true
    : String(value)

const row = ({ columns }: Table, object: Record<string, unknown>): Row =>
  Object.fromEntries(columns.map((column) => [column.name, cell(column, object[column.name])]))

/** A run, and the newest run of its round if it was published with others: that one names the files. */
type ReadableRun = Stamp & Partial<Pick<PublishedRun, "round">>

const nameOf = (run: ReadableRun) => (run.round ?? run).run_id

const readGzip = (location: string, run: ReadableRun, table: Table) =>
  Effect.sync(() => {
    const file = `${location}/${table.name}/${nameOf(run)}.ndjson.gz`
    const lines = existsSync(file) ? gunzipSync(readFileSync(file)).toString().split("\n").slice(0, -1) : []
    return lines.map((line) => row(table, JSON.parse(line)))
  })

const readSorted = (location: string, run: ReadableRun, table: Table) =>
  Effect.promise(async () => {
    const file = `${location}/${table.name}/${nameOf(run)}.parquet`
    if (!existsSync(file)) return []
    const objects = await parquetReadObjects({
      file: await asyncBufferFromFile(file),
      // a Date has no microseconds, and hyparquet's own text has no byte order mark
      parsers: {
        timestampFromMicroseconds: (micros: bigint) => micros,
        stringFromBytes: (bytes: Uint8Array) => Buffer.from(bytes).toString()
      }
    })
    return objects.map((object) => row(table, object))
  })

sinkLaws(gzip, { read: readGzip })
sinkLaws(sorted, { read: readSorted })
