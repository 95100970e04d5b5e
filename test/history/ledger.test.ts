import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Clock, Duration, Effect, FileSystem } from "effect"
import mfa from "../../pipelines/mfa.ts"
import { users } from "../../pipelines/mfa/Tables.ts"
import duckdb from "../../sinks/duckdb.ts"
import { outcomeOf, plain, rowsOf, runOf, things } from "../laws/rows.ts"
import { comparable, finished, perform, readBack, stage } from "../laws/sink.ts"
import * as processes from "../support/processes/processes.ts"
import * as readers from "../support/readers.ts"

const place = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-ledger-" })
  return { directory, location: duckdb.location(directory) }
})

const [first, second] = [runOf(1), runOf(2)]
const three = { things: rowsOf(first, [plain, plain, plain]), others: rowsOf(first, [plain, plain, plain]) }
const one = { things: rowsOf(second, [{ ...plain, name: "new" }]), others: [] }

const open = (location: string) => Effect.scoped(duckdb.open(location, second, "/nowhere"))

/** Runs an effect with a clock on which waiting takes no time. Adds up the time, and runs `each` at every wait. */
const waiting = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>, each: Effect.Effect<void>) {
  const clock = yield* Clock.Clock
  let waited = 0
  const sleep = (duration: Duration.Duration) =>
    Effect.andThen(Effect.sync(() => void (waited += Duration.toMillis(duration))), each)
  const result = yield* Effect.provideService(effect, Clock.Clock, { ...clock, sleep })
  return { result, waited }
})

layer(NodeServices.layer)("the ledger", (it) => {
  it.effect("waits for another writer, then fails with the writer's process id", () =>
    Effect.gen(function*() {
      const { location } = yield* place
      yield* perform(duckdb, location, first, three)
      const writer = yield* processes.open(location, "READ_WRITE")
      const { result, waited } = yield* waiting(Effect.flip(open(location)), Effect.void)
      assert.deepStrictEqual(result._tag === "InUse" ? result.pid : result, writer.pid)
      assert.strictEqual(waited, 5000)
    }))

  it.effect("opens when the other writer ends in time", () =>
    Effect.gen(function*() {
      const { location } = yield* place
      yield* perform(duckdb, location, first, three)
      const writer = yield* processes.open(location, "READ_WRITE")
      const { waited } = yield* waiting(open(location), writer.leave)
      assert.strictEqual(waited, 250)
    }))

  it.effect("is compressed, although the staged rows are not", () =>
    Effect.gen(function*() {
      const sizeOf = Effect.fnUntraced(function*(compression: string) {
        const { location } = yield* place
        const cells = Array.from({ length: 20_000 }, () => plain)
        const rows = { things: rowsOf(first, cells), others: [] }
        const made = yield* finished([{ run: first, rows }])
        yield* made.session.run(`SET force_compression = '${compression}'`)
        const { seal } = yield* duckdb.open(location, first, "/nowhere")
        return (yield* seal([outcomeOf(first, rows)], made)).bytes
      }, Effect.scoped)
      assert.strictEqual(yield* sizeOf("uncompressed"), yield* sizeOf("auto"))
    }))

  it.effect("nobody else can write from its opening until its publication, even after it was copied", () =>
    Effect.gen(function*() {
      const { location } = yield* place
      yield* perform(duckdb, location, first, three)
      const { seal } = yield* duckdb.open(location, second, "/nowhere")
      assert.include((yield* processes.open(location, "READ_WRITE")).opened, "Could not set lock")
      const rows = yield* finished([{ run: second, rows: one }])
      const { publication } = yield* seal([outcomeOf(second, one)], rows)
      assert.include((yield* processes.open(location, "READ_WRITE")).opened, "Could not set lock")
      yield* duckdb.publish(publication, second.run_id, location)
    }))

  it.effect("a run that was not proved complete adds and refreshes rows, and removes none", () =>
    Effect.gen(function*() {
      const { location } = yield* place
      yield* perform(duckdb, location, first, three)
      yield* perform(duckdb, location, second, one, { complete: false, incomplete_reason: "it moved" })
      assert.deepStrictEqual(
        yield* readers.query(location, "SELECT user_id, name FROM things ORDER BY ALL"),
        [{ user_id: "U0", name: "new" }, { user_id: "U1", name: "plain" }, { user_id: "U2", name: "plain" }]
      )
      assert.deepStrictEqual(
        yield* readers.query(location, "SELECT user_id FROM others ORDER BY ALL"),
        [{ user_id: "U0" }, { user_id: "U1" }, { user_id: "U2" }]
      )
    }))

  it.effect("a complete run replaces its tenant's rows, except in a table that it did not collect", () =>
    Effect.gen(function*() {
      const { location } = yield* place
      yield* perform(duckdb, location, first, three)
      yield* perform(duckdb, location, second, one, { tables_collected: ["things"] })
      assert.deepStrictEqual(
        yield* readers.query(location, "SELECT (SELECT count(*) FROM things) AS t, (SELECT count(*) FROM others) AS o"),
        [{ t: 1n, o: 3n }]
      )
      assert.isUndefined(yield* readBack(duckdb, location, first, things))
    }))

  it.effect("every run has one row, and the same run again replaces it", () =>
    Effect.gen(function*() {
      const { location } = yield* place
      yield* perform(duckdb, location, first, three, { requests: 3 })
      yield* perform(duckdb, location, first, three, { requests: 4, incomplete_reason: "it's" })
      assert.deepStrictEqual(
        yield* readers.query(location, "SELECT run_id, requests, incomplete_reason, tables_collected FROM runs"),
        [{ run_id: first.run_id, requests: 4n, incomplete_reason: "it's", tables_collected: "things, others" }]
      )
      assert.deepStrictEqual(comparable((yield* readBack(duckdb, location, first, things)) ?? []), three.things)
    }))

  it.effect("every table, view, macro and column has a comment", () =>
    Effect.gen(function*() {
      const { location } = yield* place
      yield* perform(duckdb, location, { ...first, tables: mfa.tables, views: mfa.views }, {})
      const silent =
        "SELECT table_name AS name FROM duckdb_tables() WHERE comment IS NULL AND NOT internal UNION ALL " +
        "SELECT view_name FROM duckdb_views() WHERE comment IS NULL AND NOT internal UNION ALL " +
        "SELECT function_name FROM duckdb_functions() WHERE comment IS NULL AND NOT internal UNION ALL " +
        "SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE comment IS NULL AND NOT internal"
      assert.deepStrictEqual(yield* readers.query(location, silent), [])
      assert.deepStrictEqual(
        yield* readers.query(location, "SELECT comment FROM duckdb_views() WHERE view_name = 'users'"),
        [{ comment: users.doc }]
      )
    }))

  it.effect("columns that an older ledger lacks are added", () =>
    Effect.gen(function*() {
      const { location } = yield* place
      yield* perform(duckdb, location, first, three)
      for (const column of ["note", "moment"]) {
        yield* readers.execute(location, `ALTER TABLE things_versions DROP ${column}`)
      }
      yield* perform(duckdb, location, second, one, { complete: false })
      assert.deepStrictEqual(comparable((yield* readBack(duckdb, location, second, things)) ?? []), one.things)
      assert.deepStrictEqual(
        yield* readers.query(location, "SELECT count(*) AS rows, count(moment) AS moments FROM things"),
        [{ rows: 3n, moments: 1n }]
      )
    }))

  it.effect("a table or view of another user with a name of ours is refused", () =>
    Effect.gen(function*() {
      const { location } = yield* place
      yield* readers.execute(location, "CREATE TABLE things_changes (a INT)")
      assert.strictEqual((yield* Effect.flip(open(location)))._tag, "Corrupt")
    }))

  it.effect("a write-ahead log without a ledger is refused, because DuckDB would read it into the new one", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { location } = yield* place
      yield* fs.writeFileString(`${location}.wal`, "stale")
      assert.strictEqual((yield* Effect.flip(open(location)))._tag, "Corrupt")
    }))

  it.effect("a symbolic link to the ledger stays one", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { directory, location } = yield* place
      yield* perform(duckdb, location, first, three)
      const link = `${directory}/elsewhere/link.duckdb`
      yield* fs.makeDirectory(`${directory}/elsewhere`)
      yield* fs.symlink(location, link)
      yield* perform(duckdb, link, second, one)
      assert.strictEqual(yield* fs.readLink(link), location)
      assert.deepStrictEqual(yield* readers.query(location, "SELECT name FROM things"), [{ name: "new" }])
    }))

  it.effect("nothing is staged in the ledger itself: a sealed run does not change a byte of it", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { location } = yield* place
      yield* perform(duckdb, location, first, three)
      const before = yield* fs.readFile(location)
      yield* stage(duckdb, location, second, one)
      assert.deepStrictEqual(yield* fs.readFile(location), before)
    }))

  it.effect("a ledger with much free space is rewritten, with everything that other users keep in it", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { location } = yield* place
      yield* perform(duckdb, location, first, three)
      yield* readers.execute(
        location,
        "CREATE TABLE filler AS SELECT md5(n::VARCHAR) AS text FROM range(1500000) _(n)",
        "CHECKPOINT",
        "CREATE SCHEMA hr",
        "CREATE SEQUENCE counter START 7",
        "CREATE TYPE mood AS ENUM ('good', 'bad')",
        "CREATE TABLE hr.people (id INTEGER PRIMARY KEY, mood mood)",
        "INSERT INTO hr.people SELECT n, 'bad' FROM range(5000) _(n)",
        "COMMENT ON TABLE hr.people IS 'mine'",
        "CREATE INDEX by_mood ON hr.people (mood)",
        "CREATE MACRO twice(x) AS x * 2",
        "CREATE VIEW named AS SELECT name, twice(count) AS two FROM things",
        "CREATE VIEW broken AS SELECT text FROM filler",
        "CHECKPOINT",
        "DROP TABLE filler",
        "CHECKPOINT"
      )
      const before = Number((yield* fs.stat(location)).size)
      yield* perform(duckdb, location, second, one)
      assert.isBelow(Number((yield* fs.stat(location)).size), before / 2)
      assert.deepStrictEqual(comparable((yield* readBack(duckdb, location, second, things)) ?? []), one.things)
      assert.deepStrictEqual(
        yield* readers.query(
          location,
          `SELECT count(*) AS people, min(mood)::VARCHAR AS mood, (SELECT two FROM named) AS two,
             (SELECT comment FROM duckdb_tables() WHERE table_name = 'people') AS said,
             (SELECT count(*) FROM duckdb_indexes() WHERE index_name = 'by_mood') AS indexes,
             (SELECT start_value FROM duckdb_sequences()) AS next FROM hr.people`
        ),
        [{ people: 5000n, mood: "bad", two: 14n, said: "mine", indexes: 1n, next: 7n }]
      )
    }))
})
