/**
 * The laws that every sink must keep, ours and those of others. A test calls `sinkLaws` with a sink and with a function
 * that reads the published rows without the sink's code.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Path, type Scope, Stream } from "effect"
import { tmpdir } from "node:os"
import * as Fingerprint from "../../src/duckdb/Fingerprint.ts"
import * as RowsSql from "../../src/duckdb/RowsSql.ts"
import type { Outcome } from "../../src/Outcome.ts"
import { withLocation } from "../../src/run/publish/SinkLocation.ts"
import type { Sink, SinkRun, SinkServices } from "../../src/Sink.ts"
import type { Batch, Row, Stamp, Table } from "../../src/Table.ts"
import * as RowPipeline from "../support/row-pipeline.ts"
import { hostile, others, outcomeOf, plain, rowsOf, runOf, scenarioFrom, tables, things } from "./rows.ts"

/** Reads the published rows of a run in one table, as another program would. If there are none, the list is empty. */
export type Reader = (
  location: string,
  run: Stamp,
  table: Table
) => Effect.Effect<ReadonlyArray<Row>, unknown, SinkServices | Scope.Scope>

/** One run of a round: its `SinkRun`, its rows, and the fields of its outcome that differ from the usual. */
export interface Member {
  readonly run: SinkRun
  readonly rows: Batch
  readonly changes?: Partial<Outcome> | undefined
}

/** The rows of a round in the form in which the engine gives them to sinks. */
export const finished = Effect.fnUntraced(function*(round: ReadonlyArray<Member>) {
  const fs = yield* FileSystem.FileSystem
  // a directory that looks like a hive partition: a path must never change rows
  const directory = `${yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-stage-" })}/tenant=stage/[ab]*`
  yield* fs.makeDirectory(directory, { recursive: true })
  return yield* RowPipeline.finished(directory, round[0]?.run.tables ?? [], round.map(({ rows }) => rows))
})

/** Opens a sink for the first run of a round and seals all runs of the round, in a scope of its own. */
export const stageRound = (sink: Sink, location: string, round: readonly [Member, ...ReadonlyArray<Member>]) =>
  Effect.scoped(Effect.gen(function*() {
    const { seal } = yield* withLocation(sink).open(location, round[0].run, tmpdir())
    const rows = yield* finished(round)
    return yield* seal(round.map(({ changes, rows, run }) => outcomeOf(run, rows, changes)), rows)
  }))

/** The same for a round of one run. */
export const stage = (sink: Sink, location: string, run: SinkRun, rows: Batch, changes?: Partial<Outcome>) =>
  stageRound(sink, location, [{ run, rows, changes }])

/** Seals a round, and publishes it from JSON, as another process would after a crash. */
export const performRound: typeof stageRound = (sink, location, round) =>
  Effect.tap(
    stageRound(sink, location, round),
    ({ publication }) =>
      withLocation(sink).publish(JSON.parse(JSON.stringify(publication)), round[0].run.run_id, location)
  )

/** The same for a round of one run. */
export const perform: typeof stage = (sink, location, run, rows, changes) =>
  performRound(sink, location, [{ run, rows, changes }])

/** Files and directories by name. Only files have content. */
export type Tree = Readonly<Record<string, { readonly mode: number; readonly content: string | undefined }>>

/** All files below a directory with their contents, and all directories. Lock files have no content here. */
export const tree = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const found: Record<string, { readonly mode: number; readonly content: string | undefined }> = {}
  for (const name of (yield* fs.readDirectory(directory, { recursive: true })).sort()) {
    if (name.endsWith(".lock")) continue
    const at = path.join(directory, name)
    const { mode, type } = yield* fs.stat(at)
    const content = type === "File" ? Buffer.from(yield* fs.readFile(at)).toString("base64") : undefined
    found[name] = { mode: mode & 0o777, content }
  }
  return found
})

/** Functions for a sink whose rows are not in files below its location. */
export interface Elsewhere {
  /** Everything there, as if it were files of mode 0600. Staged ones have `.RUN_ID.part` in their names. */
  readonly tree: (location: string) => Effect.Effect<Tree, unknown, SinkServices | Scope.Scope>
  /** Locations that cannot be written. */
  readonly unwritable: () => ReadonlyArray<string>
}

/** The laws of a sink. A test names its law by the number, from 1. */
export const laws = [
  "every row is read back as it was written",
  "any text is read back as it was written",
  "nothing is visible before it is published",
  "publishing twice has the same effect as publishing once",
  "publishing fails if the staged files are lost",
  "only the owner can read published files, `bytes` counts all of them, and no staged file is left",
  "only the owner can read staged files",
  "discarding a run removes nothing else",
  "discarding at a location that does not exist does nothing",
  "a table that was not collected is not published, not even as an empty table",
  "a table without rows is published as an empty table",
  "a later run has the right rows, and the earlier run is unchanged or gone",
  "a run changes nothing of another tenant",
  "a round of several tenants is sealed and published at once, each run with its own rows",
  "a run that was sealed before another run was published removes none of the other's rows",
  "a location that cannot be written fails when the sink is opened",
  "the rows and their session are unchanged for the next sink"
] as const

const law = (number: number) => `law ${number}: ${laws[number - 1]}`

export interface LawOptions {
  /** Reads the published rows with code that the sink does not use. */
  readonly read: Reader
  readonly elsewhere?: Elsewhere
  /** Directories above the location, for a sink that writes files. Their names must not change the rows. */
  readonly below?: string
  /**
   * The earliest instant that the sink can store, if it cannot store all 64-bit numbers. Duo's are in the years 1 to
   * 9999.
   */
  readonly earliest?: bigint
}

const files = (found: Tree) =>
  Object.fromEntries(Object.entries(found).filter(([_, { content }]) => content !== undefined))

/** Sorted rows, so that they can be compared, with texts that UTF-8 can encode. */
export const comparable = (rows: ReadonlyArray<Row>) =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, cell]) => [name, typeof cell === "string" ? cell.toWellFormed() : cell])
    )
  ).toSorted((a, b) => String(a["user_id"]) < String(b["user_id"]) ? -1 : 1)

/** The rows that the sink itself reads back; `undefined` if it no longer has the run. */
export const readBack = (sink: Sink, location: string, run: SinkRun, table: Table) =>
  Effect.scoped(Effect.gen(function*() {
    const { read } = withLocation(sink)
    assert(read !== undefined, "only a sink that can be read back can be held to the laws")
    const rows = yield* read(location, run, table)
    if (rows === undefined) return undefined
    const chunks = Stream.isStream(rows)
      ? yield* Stream.runCollect(rows)
      : yield* Stream.runCollect(RowsSql.stream(rows.session, table, rows.sql))
    return chunks.flat()
  }))

export const sinkLaws = (given: Sink, { below = "", earliest, elsewhere, read: reader }: LawOptions) => {
  const sink = withLocation(given)
  /** A location that does not exist yet, in a directory of its own. */
  const place = Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-sink-" })
    const location = sink.location(`${directory}/${below}data`)
    return { directory, location, look: elsewhere === undefined ? tree(directory) : elsewhere.tree(location) }
  })
  const read = (location: string, run: SinkRun, table: Table) =>
    Effect.map(Effect.scoped(reader(location, run, table)), comparable)

  const assertPublished = Effect.fnUntraced(function*(location: string, run: SinkRun, rows: Batch) {
    for (const table of tables) {
      const expected = comparable(rows[table.name] ?? [])
      assert.deepStrictEqual(yield* read(location, run, table), expected)
      assert.deepStrictEqual(comparable((yield* readBack(sink, location, run, table)) ?? []), expected)
    }
  })
  const some = (run: SinkRun, first = 0): Batch => ({
    things: rowsOf(run, [plain, { ...plain, note: "second" }], first),
    others: rowsOf(run, [plain], first)
  })

  layer(NodeServices.layer)(`the laws of ${sink.name}${below && ` below ${below}`}`, (it) => {
    it.effect.prop(
      law(1),
      { scenario: scenarioFrom(earliest) },
      ({ scenario }) =>
        Effect.scoped(Effect.gen(function*() {
          const { location } = yield* place
          const run = runOf(1)
          const rows = { things: rowsOf(run, scenario.things), others: rowsOf(run, scenario.others) }
          yield* perform(sink, location, run, rows)
          yield* assertPublished(location, run, rows)
        })),
      { arbitrary: { runs: 10 }, timeout: 60_000 }
    )

    it.effect(law(2), () =>
      Effect.gen(function*() {
        const { location } = yield* place
        const run = runOf(1)
        const rows = { things: rowsOf(run, hostile) }
        yield* perform(sink, location, run, rows)
        yield* assertPublished(location, run, rows)
      }))

    it.effect(law(3), () =>
      Effect.gen(function*() {
        const { location, look } = yield* place
        const first = runOf(1)
        yield* perform(sink, location, first, some(first))
        const before = files(yield* look)
        const run = runOf(2)
        const { publication } = yield* stage(sink, location, run, some(run))
        const now = files(yield* look)
        const visible = Object.entries(now).filter(([name]) => !name.includes(`.${run.run_id}.part`))
        assert.deepStrictEqual(Object.fromEntries(visible), before)
        yield* sink.publish(publication, run.run_id, location)
        yield* assertPublished(location, run, some(run))
      }))

    it.effect(law(4), () =>
      Effect.gen(function*() {
        const { location, look } = yield* place
        const run = runOf(1)
        const { publication } = yield* perform(sink, location, run, some(run))
        const once = yield* look
        yield* sink.publish(publication, run.run_id, location)
        assert.deepStrictEqual(yield* look, once)
      }))

    it.effect(law(5), () =>
      Effect.gen(function*() {
        const { location } = yield* place
        const run = runOf(1)
        const { publication } = yield* stage(sink, location, run, some(run))
        yield* sink.discard(location, run.run_id)
        assert.strictEqual((yield* Effect.flip(sink.publish(publication, run.run_id, location)))._tag, "SinkError")
      }))

    it.effect(law(6), () =>
      Effect.gen(function*() {
        const { location, look } = yield* place
        const run = runOf(1)
        const { bytes } = yield* perform(sink, location, run, some(run))
        const found = yield* look
        for (const [name, { content, mode }] of Object.entries(found)) {
          assert.strictEqual(mode, content === undefined ? 0o700 : 0o600, name)
          assert.notInclude(name, ".part")
        }
        const sizes = Object.values(files(found)).map(({ content }) => Buffer.from(content ?? "", "base64").length)
        if (elsewhere === undefined) assert.strictEqual(bytes, sizes.reduce((sum, size) => sum + size, 0))
      }))

    it.effect(law(7), () =>
      Effect.gen(function*() {
        const { location, look } = yield* place
        const run = runOf(1)
        yield* stage(sink, location, run, some(run))
        for (const [name, { content, mode }] of Object.entries(yield* look)) {
          assert.strictEqual(mode, content === undefined ? 0o700 : 0o600, name)
        }
      }))

    for (const sealed of [false, true]) {
      it.effect(`${law(8)}, ${sealed ? "sealed" : "only opened"}`, () =>
        Effect.gen(function*() {
          const fs = yield* FileSystem.FileSystem
          const path = yield* Path.Path
          const { location, look } = yield* place
          const first = runOf(1)
          yield* perform(sink, location, first, some(first))
          if (elsewhere === undefined) {
            const isDirectory = (yield* fs.stat(location)).type === "Directory"
            const root = isDirectory ? location : path.dirname(location)
            yield* fs.writeFileString(path.join(root, `notes.${runOf(3).run_id}.part`), "of another run")
            yield* fs.writeFileString(path.join(root, `${runOf(2).run_id}.part.txt`), "of nobody")
          } else {
            yield* stage(sink, location, runOf(3), some(runOf(3)))
          }
          const before = files(yield* look)
          const run = runOf(2)
          if (sealed) {
            yield* stage(sink, location, run, some(run))
          } else {
            yield* Effect.scoped(sink.open(location, run, tmpdir()))
          }
          yield* sink.discard(location, run.run_id)
          assert.deepStrictEqual(files(yield* look), before)
          yield* sink.discard(location, run.run_id)
          yield* perform(sink, location, run, some(run))
          yield* assertPublished(location, run, some(run))
        }))
    }

    it.effect(law(9), () => Effect.flatMap(place, ({ location }) => sink.discard(location, runOf(1).run_id)))

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
        const { location } = yield* place
        const runs = [runOf(1), runOf(2, "api-2.duosecurity.com"), runOf(3, "api-3.duosecurity.com")] as const
        yield* perform(sink, location, runOf(0), some(runOf(0)))
        yield* performRound(sink, location, [
          { run: runs[0], rows: some(runs[0], 1) },
          { run: runs[1], rows: some(runs[1]), changes: { tables_collected: ["things"] } },
          { run: runs[2], rows: {} }
        ])
        yield* assertPublished(location, runs[0], some(runs[0], 1))
        assert.deepStrictEqual(yield* read(location, runs[1], things), comparable(some(runs[1])["things"] ?? []))
        assert.isUndefined(yield* readBack(sink, location, runs[1], others))
        assert.deepStrictEqual(yield* readBack(sink, location, runs[2], things), [])
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
  })
}
