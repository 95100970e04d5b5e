/** Laws 10 to 17: a run beside other runs, tenants and sinks, and a run without some tables or without a location. */
import { assert } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { tmpdir } from "node:os"
import * as Fingerprint from "../../src/duckdb/Fingerprint.ts"
import type { Ground, It } from "./ground.ts"
import { law } from "./names.ts"
import { comparable, readBack } from "./published.ts"
import { finished, perform, performRound, stage, stageRound } from "./round.ts"
import { others, outcomeOf, runOf, tables, things } from "./rows.ts"

export const runLaws = (it: It, { assertPublished, elsewhere, place, read, sink, some }: Ground) => {
  it.effect(law(10), () =>
    Effect.gen(function*() {
      const { location, look } = yield* place
      const run = runOf(1)
      yield* perform(sink, location, run, some(run), { tables_collected: ["things"] })
      assert.deepStrictEqual(yield* read(location, run, things), comparable(some(run)["things"] ?? []))
      assert.isUndefined(yield* readBack(sink, location, run, others))
      assert.notInclude(Object.keys(yield* look).join(), "others")
    }))

  it.effect(law(11), () =>
    Effect.gen(function*() {
      const { location } = yield* place
      const run = runOf(1)
      yield* perform(sink, location, run, {})
      assert.deepStrictEqual(yield* readBack(sink, location, run, things), [])
    }))

  it.effect(law(12), () =>
    Effect.gen(function*() {
      const { location } = yield* place
      const [first, second] = [runOf(1), runOf(2)]
      yield* perform(sink, location, first, some(first))
      yield* perform(sink, location, second, some(second, 1))
      yield* assertPublished(location, second, some(second, 1))
      const kept = yield* readBack(sink, location, first, things)
      if (kept !== undefined) yield* assertPublished(location, first, some(first))
    }))

  it.effect(law(13), () =>
    Effect.gen(function*() {
      const { location } = yield* place
      const [one, two] = [runOf(1, "api-1.duosecurity.com"), runOf(2, "api-2'%.duosecurity.com")]
      yield* perform(sink, location, one, some(one))
      yield* perform(sink, location, two, some(two))
      yield* assertPublished(location, one, some(one))
      yield* assertPublished(location, two, some(two))
    }))

  it.effect(law(14), () =>
    Effect.gen(function*() {
      const { location, look } = yield* place
      const runs = [runOf(1), runOf(2, "api-2.duosecurity.com"), runOf(3, "api-3.duosecurity.com")] as const
      yield* perform(sink, location, runOf(0), some(runOf(0)))
      const members = [
        { run: runs[0], rows: some(runs[0], 1) },
        { run: runs[1], rows: some(runs[1]), changes: { tables_collected: ["things"] } },
        { run: runs[2], rows: {} }
      ] as const
      const before = yield* look
      yield* stageRound(sink, location, members)
      yield* sink.discard(location, runs[2].run_id)
      assert.deepStrictEqual(yield* look, before)
      yield* performRound(sink, location, members)
      const round = runs[2]
      yield* assertPublished(location, runs[0], some(runs[0], 1), round)
      assert.deepStrictEqual(yield* read(location, runs[1], things, round), comparable(some(runs[1])["things"] ?? []))
      assert.deepStrictEqual((yield* readBack(sink, location, runs[1], others, round)) ?? [], [])
      assert.deepStrictEqual(yield* readBack(sink, location, runs[2], things, round), [])
      // a table has one file per round, and the newest run names it
      const files = elsewhere === undefined ? Object.keys(yield* look) : []
      assert.deepStrictEqual(files.filter((name) => name.includes(runs[0].run_id)), [])
    }))

  it.effect(law(15), () =>
    Effect.gen(function*() {
      const { location } = yield* place
      const [first, run] = [runOf(1, "api-1.duosecurity.com"), runOf(2, "api-1.duosecurity.com")]
      const other = runOf(3, "api-2.duosecurity.com")
      yield* perform(sink, location, first, some(first))
      const { publication } = yield* stage(sink, location, run, some(run))
      yield* perform(sink, location, other, some(other))
      const isSuperseded = yield* Effect.scoped(
        sink.isSuperseded?.(publication, run.run_id, location) ?? Effect.succeed(false)
      )
      yield* isSuperseded ? sink.discard(location, run.run_id) : sink.publish(publication, run.run_id, location)
      yield* assertPublished(location, other, some(other))
      const whole = isSuperseded ? first : run
      yield* assertPublished(location, whole, some(whole))
    }))

  it.effect(law(16), () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { directory } = yield* place
      yield* fs.writeFileString(`${directory}/file`, "in the way")
      const below = [`${directory}/file`, `${directory}/${"long".repeat(100)}`].map(sink.location)
      for (const location of elsewhere?.unwritable() ?? below) {
        const error = yield* Effect.flip(Effect.scoped(sink.open(location, runOf(1), tmpdir())))
        assert.strictEqual(error.reason._tag, "CannotCreate", location)
      }
    }))

  it.effect(law(17), () =>
    Effect.gen(function*() {
      const { location } = yield* place
      const [run, next] = [runOf(1), runOf(2)]
      for (const member of [{ run, rows: some(run) }, { run: next, rows: some(next) }]) {
        const rows = yield* finished([member])
        const outcome = outcomeOf(member.run, member.rows)
        const look = Effect.all([
          rows.session.all("SELECT current_database(), current_schema()"),
          rows.session.all("SELECT database_name, schema_name, table_name FROM duckdb_tables() ORDER BY ALL"),
          rows.session.all("SELECT database_name FROM duckdb_databases() ORDER BY ALL"),
          Fingerprint.ofRun(rows.session, tables, outcome)
        ])
        const before = yield* look
        const { publication } = yield* Effect.scoped(Effect.gen(function*() {
          const { seal } = yield* sink.open(location, member.run, tmpdir())
          return yield* seal([outcome], rows)
        }))
        assert.deepStrictEqual(yield* look, before)
        yield* sink.publish(publication, member.run.run_id, location)
      }
    }))
}
