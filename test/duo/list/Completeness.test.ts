/**
 * Completeness is claimed only where it is true, for ten thousand histories of a list that changes while it is read.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Stream } from "effect"
import * as ObjectLoader from "../../../src/duckdb/ObjectLoader.ts"
import * as RunDatabase from "../../../src/duckdb/RunDatabase.ts"
import * as Completeness from "../../../src/duo/list/Completeness.ts"
import { type Page, pages } from "../../../src/duo/list/Pages.ts"
import { historyOf } from "../../support/drift.ts"
import { objectsOf } from "../../support/objects-of.ts"
import { addObjects } from "../../support/row-pipeline.ts"
import { datings, liveClient } from "../../support/servers/live-client.ts"

const readings = 3

/** Reads a list three times, whatever that proves, and gives its sightings and moments. */
const readAll = Effect.fnUntraced(function*(seed: number) {
  const history = historyOf(seed)
  const live = liveClient(history, seed, datings[seed % datings.length] ?? "never")
  const sightings: Array<object> = []
  const moments: Array<object> = []
  /** For each reading, who was in the list when its first page was answered. */
  const truths: Array<ReadonlySet<string>> = []
  for (let reading = 1; reading <= readings; reading++) {
    const all: Array<Page> = []
    yield* Stream.runForEach(
      pages(live.client, live.endpoint, history),
      (page) => Effect.sync(() => void all.push(page))
    )
    for (const [index, { content: { total }, notBefore, objects = [], offset }] of all.entries()) {
      if (index === 0) {
        moments.push({ list: String(seed), reading, total, not_before: notBefore })
        truths.push(live.firstPages.at(-1) ?? new Set())
      }
      assert.strictEqual(offset === 0, index === 0)
      for (const { created, user_id } of objectsOf({ objects })) {
        sightings.push({ list: String(seed), id: user_id, created, reading, is_first: index === 0 })
      }
    }
  }
  return { sightings, moments, truths }
})

const sightingColumns = {
  list: "VARCHAR",
  id: "VARCHAR",
  created: "BIGINT",
  reading: "INTEGER",
  is_first: "BOOLEAN"
}
const momentColumns = { list: "VARCHAR", reading: "INTEGER", total: "BIGINT", not_before: "BIGINT" }

/** How many lists one query compares. It joins every moment with every user, so more lists would be slow. */
const listsPerQuery = 200

/**
 * Claims about lists: at which moment they are complete, whether two readings show it, and who was in them.
 */
const claims = Effect.fnUntraced(
  function*(database: RunDatabase.RunDatabase, lists: ReadonlyArray<Effect.Success<ReturnType<typeof readAll>>>) {
    const { session } = database
    const seen = yield* ObjectLoader.make(database, "readings.seen", sightingColumns)
    const begun = yield* ObjectLoader.make(database, "readings.begun", momentColumns)
    for (const [index, { moments, sightings }] of lists.entries()) {
      yield* addObjects(seen, sightingColumns, index, sightings)
      yield* addObjects(begun, momentColumns, index, moments)
    }
    yield* seen.finish
    yield* begun.finish
    // each list stands three times: as if the run had ended after one, two or three readings
    yield* session.run(
      `CREATE OR REPLACE TEMP TABLE moments AS SELECT list || '/' || ending AS list, reading, total, not_before
     FROM readings.begun JOIN range(1, ${readings + 1}) endings(ending) ON reading <= ending;
     CREATE OR REPLACE VIEW objects.sightings AS SELECT list || '/' || ending AS list, id, created, reading, is_first
     FROM readings.seen JOIN range(1, ${readings + 1}) endings(ending) ON reading <= ending;
     CREATE OR REPLACE TABLE objects.known AS ${Completeness.sightingsById("objects.sightings")};
     DROP TABLE readings.seen;
     DROP TABLE readings.begun`
    )
    return yield* session.all(
      `WITH claimed AS (
       SELECT list, reading, seen_twice = total AS is_seen_twice FROM (${
        Completeness.countsByMoment("objects.known")
      }) WHERE known = total
     )
     SELECT list, moments.reading, is_seen_twice, array_to_string(list_sort(list(id)), ' ')
     FROM claimed JOIN moments USING (list, reading) LEFT JOIN objects.known USING (list)
     WHERE id IS NULL OR ${Completeness.wasInList("moments")} GROUP BY ALL`
    )
  },
  Effect.scoped
)

describe("completeness", () => {
  it.live(
    "of ten thousand histories is claimed only if everybody is known, after any number of readings",
    () =>
      Effect.gen(function*() {
        const folder = yield* Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())
        const database = yield* RunDatabase.open(folder)
        const reached = { "by the first reading": 0, "by creation times alone": 0, "by two readings": 0 }
        for (let first = 1; first <= 10_000; first += listsPerQuery) {
          const lists = yield* Effect.forEach(
            Array.from({ length: listsPerQuery }, (_, index) => first + index),
            readAll
          )
          for (const [list, moment, isSeenTwice, ids] of yield* claims(database, lists)) {
            const [seed, ending] = String(list).split("/")
            const truth = [...lists[Number(seed) - first]?.truths[Number(moment) - 1] ?? []].sort().join(" ")
            assert.strictEqual(String(ids ?? ""), truth, `history ${list}, moment ${Number(moment)}`)
            if (ending === "1") reached["by the first reading"]++
            reached[isSeenTwice === true ? "by two readings" : "by creation times alone"]++
          }
        }
        for (const [what, times] of Object.entries(reached)) assert.isAbove(times, 1000, what)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    180_000
  )
})
