/**
 * Where a page takes its time: every step of a run by itself, on the same pages, in one process. What is measured is
 * processor time, so waiting for the emulator is not in it.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { ConfigProvider, DateTime, Effect, FileSystem, Layer } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import mfa from "../pipelines/mfa.ts"
import csv from "../sinks/csv.ts"
import duckdb from "../sinks/duckdb.ts"
import ndjson from "../sinks/ndjson.ts"
import parquet from "../sinks/parquet.ts"
import { interpret } from "../src/duo/Answer.ts"
import { readText } from "../src/duo/Body.ts"
import { Credentials } from "../src/duo/Credentials.ts"
import * as HttpTransport from "../src/duo/HttpTransport.ts"
import { readMetadata } from "../src/duo/Metadata.ts"
import { authorization, canonicalParams } from "../src/duo/Signature.ts"
import { decodeUsers } from "../src/duo/User.ts"
import * as Fingerprint from "../src/Fingerprint.ts"
import * as Tally from "../src/mfa/Tally.ts"
import type { Outcome } from "../src/Outcome.ts"
import * as Run from "../src/Run.ts"
import * as Ndjson from "../src/staging/Ndjson.ts"
import * as Stage from "../src/staging/Stage.ts"
import type { Settings } from "./Processes.ts"

export const pageSize = 500

const path = "/admin/v2/users"
const { tables } = mfa
const sinks = [duckdb, parquet, ndjson, csv]

/** Milliseconds of processor time by step, all pages together. */
export type Costs = ReadonlyMap<string, number>

/** The text of a page, fetched as a run fetches it. */
const fetchPage = Effect.fnUntraced(function*(offset: number) {
  const { host, ikey, origin, skey } = yield* Credentials
  const http = yield* HttpClient.HttpClient
  const params = { limit: String(pageSize), offset: String(offset) }
  const date = new Date().toUTCString()
  const request = { method: "GET", host, path, params, date }
  const response = yield* http.execute(
    HttpClientRequest.get(`${origin}${path}?${canonicalParams(params)}`, {
      headers: { date, authorization: authorization({ version: 5, digest: "sha512" }, ikey, skey, request) }
    })
  )
  const { headers, status } = response
  return { headers, status, text: yield* readText(response, 32 << 20), now: Date.now() }
})

const measurePages = Effect.fnUntraced(function*(pages: number) {
  const fs = yield* FileSystem.FileSystem
  const { host } = yield* Credentials
  const costs = new Map<string, number>()
  const timed = <A, E, R>(step: string, effect: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const before = process.cpuUsage()
      return Effect.tap(effect, () =>
        Effect.sync(() => {
          const { system, user } = process.cpuUsage(before)
          costs.set(step, (costs.get(step) ?? 0) + (user + system) / 1000)
        }))
    })

  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
  const stamp = { run_id: "bench", observed_at: 1_795_464_960_000_000n, tenant: host }
  const run = Run.sinkRun(stamp, mfa, { allowEmpty: false })
  const tally = Tally.make(stamp)
  const hashes = tables.map((table) => ({ name: table.name, line: Ndjson.line(table), hash: Fingerprint.make() }))
  const stage = yield* Stage.open(directory, tables)
  const open = yield* Effect.forEach(
    sinks,
    (sink) => Effect.map(sink.open(sink.location(directory), run), (open) => ({ name: sink.name, ...open }))
  )

  for (let offset = 0; offset < pages * pageSize; offset += pageSize) {
    const received = yield* timed("fetch", fetchPage(offset))
    const { metadata, response } = yield* timed(
      "parse and check",
      Effect.suspend(() => Effect.fromResult(interpret(received)))
    )
    yield* Effect.fromResult(readMetadata(metadata, { limit: pageSize, offset, length: pageSize }))
    const { unknownFields, values } = yield* timed(
      "decode",
      Effect.suspend(() => Effect.fromResult(decodeUsers(response)))
    )
    const batch = yield* timed("flatten and count", Effect.sync(() => tally.users({ values, unknownFields })))
    const lines = yield* timed(
      "rows as text",
      Effect.sync(() => hashes.map(({ hash, line, name }) => ({ hash, name, lines: (batch[name] ?? []).map(line) })))
    )
    yield* timed("fingerprint", Effect.sync(() => lines.forEach(({ hash, lines }) => hash.add(lines))))
    const text = Object.fromEntries(lines.map(({ lines, name }) => [name, lines.join("")]))
    yield* timed("stage", stage.write(text))
    for (const { name, write } of open) {
      if (write !== undefined) yield* timed(`write ${name}`, write(batch, text))
    }
  }

  const read = { doubt: null, total: pages * pageSize, pages, sweeps: 1, duplicates: 0, changed: 0 }
  const now = DateTime.formatIso(yield* DateTime.now)
  const outcome: Outcome = {
    ...stamp,
    ...tally.facts({
      requests: pages,
      retries: 0,
      answeredAt: null,
      users: read,
      bypassCodes: { refused: "not measured" }
    }),
    pipeline: "mfa",
    started_at: now,
    observed_at: now,
    tool_version: "bench",
    rows: Object.fromEntries(hashes.map(({ hash, name }) => [name, hash.rows()]))
  }
  const staged = yield* timed("finish the stage", stage.finish)
  for (const sink of open) yield* timed(`seal ${sink.name}`, sink.seal(outcome, staged))
  const measured: Costs = costs
  return measured
}, Effect.scoped)

/** One round over the tenant's first pages. */
export const round = (settings: Settings, pages: number) =>
  measurePages(pages).pipe(
    Effect.provide(
      HttpTransport.layer.pipe(
        Layer.provideMerge(Credentials.layer),
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: settings }))),
        Layer.provideMerge(NodeServices.layer)
      )
    )
  )
