/** Entries that are published already, while parts of a log are read and counted again. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as ObjectLoader from "../../../src/duckdb/ObjectLoader.ts"
import * as RunDatabase from "../../../src/duckdb/RunDatabase.ts"
import { AuthenticationLog, list } from "../../../src/duo/log/AuthenticationLog.ts"
import * as LogReading from "../../../src/duo/log/LogReading.ts"
import type { LogWindow } from "../../../src/Pipeline.ts"

const second = 1000
const start = Date.UTC(2026, 10, 2)

interface Entry {
  readonly txid: string
  /** When Duo says that it happened. */
  readonly millis: number
  /** When it happened by its own time, which may have only seconds. */
  readonly occurred_us: number
}

const at = (txid: string, millis: number, known = millis): Entry => ({ txid, millis, occurred_us: known * 1000 })

/** A log that has all its entries on one page. */
const logOf = (entries: ReadonlyArray<Entry>) => {
  const within = ({ from, to }: LogWindow) => entries.filter(({ millis }) => millis >= from && millis <= to)
  return AuthenticationLog.of({
    count: (part) => Effect.succeed(within(part).length),
    page: (part) =>
      Effect.sync(() => {
        const found = within(part)
        return {
          keys: found.map(({ occurred_us, txid }) => `${txid} ${occurred_us}`),
          count: found.length,
          next: undefined,
          objects: ObjectLoader.encode(list.columns, found),
          halves: [],
          unknownFields: []
        }
      })
  })
}

interface Situation {
  readonly published: ReadonlyArray<Entry>
  /** The entries that Duo shows beside the published ones. */
  readonly others: ReadonlyArray<Entry>
  readonly window: LogWindow
  readonly recount: ReadonlyArray<LogWindow>
}

/** Reads a log, and says which entries are added, and how many published ones it was told of for each part. */
const reading = Effect.fnUntraced(function*({ others, published, recount, window }: Situation) {
  const directory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
  const database = yield* RunDatabase.open(directory)
  const parts: Array<LogWindow> = []
  const counts: Array<number> = []
  const hold = Effect.fnUntraced(function*(part: LogWindow) {
    const held = published.filter(({ occurred_us }) =>
      occurred_us >= part.from * 1000 && occurred_us <= part.to * 1000 + 999
    )
    parts.push(part)
    counts.push(held.length)
    const rows = held.map(({ occurred_us, txid }) =>
      `INSERT INTO readings.published
      VALUES ('${txid}', make_timestamptz(${occurred_us}));`
    )
    yield* database.session.run(
      `CREATE OR REPLACE TABLE readings.published (txid VARCHAR, occurred_at TIMESTAMPTZ); ${rows.join("")}`
    )
  })
  const { list: read, window: result } = yield* LogReading.read(
    logOf([...published, ...others]),
    {
      database,
      stamp: { run_id: "run", observed_at: 0n, tenant: "tenant" },
      plan: { window, recount, covered: [], held: "readings.published", hold },
      pageSize: undefined,
      what: "logins",
      onPage: () => Effect.void
    }
  )
  const added = yield* database.session.all(`SELECT txid FROM objects.authentications ORDER BY txid`)
  assert.isNull(read.doubt)
  return { added: added.flat(), counts, late: result.late, parts }
})

describe("reading a log", () => {
  it.effect("knows the published entries of one part at a time, and adds none of them again", () =>
    Effect.gen(function*() {
      const [one, two, three] = [start, start + 60 * second, start + 120 * second + 500]
      const window = { from: three, to: three + 60 * second }
      const recount = [{ from: one, to: two }, { from: two, to: three - second }]
      const { added, counts, late, parts } = yield* reading({
        published: [
          at("of the first part", one + 1),
          at("of two parts", two),
          at("of the second part", two + 1),
          // it was read at the end of the part before, and is read again at the start of this one
          at("known to the second", three, three - 500)
        ],
        others: [at("late", one + 2), at("new", three + 1)],
        window,
        recount
      })
      assert.deepStrictEqual(added, ["late", "new"])
      assert.strictEqual(late, 1)
      assert.deepStrictEqual(parts.map(({ to }) => to), [window, ...recount].map(({ to }) => to))
      assert.deepStrictEqual(counts, [1, 2, 2])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  for (
    const [where, end, counted] of [
      ["after the end of a part is not taken for a late one in it", 0, 300],
      ["before the middle of a second is not taken for a late one", 500, 700]
    ] as const
  ) {
    it.effect(`an entry that is known to the second, and ${where}`, () =>
      Effect.gen(function*() {
        const to = start + 60 * second + end
        const { added } = yield* reading({
          published: [
            at("in the part", start + 1),
            at("known to the second", start + 60 * second + counted, start + 60 * second)
          ],
          others: [at("late", start + 5 * second)],
          window: { from: start + 120 * second, to: start + 180 * second },
          recount: [{ from: start, to }]
        })
        assert.deepStrictEqual(added, ["late"])
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
  }
})
