/** Runs of several data directories share a ledger or a directory of Parquet files, and none loses another's rows. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { TestClock } from "effect/testing"
import { existsSync, globSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs"
import { users as usersTable } from "../../pipelines/mfa/Tables.ts"
import duckdb from "../../sinks/duckdb.ts"
import parquet from "../../sinks/parquet.ts"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { InputOutput, SinkError } from "../../src/failure/SinkError.ts"
import type { Sink } from "../../src/Sink.ts"
import { command } from "../support/processes/command.ts"
import * as processes from "../support/processes/processes.ts"
import { contents, settings, start as begin } from "../support/processes/program.ts"
import * as readers from "../support/readers.ts"
import { run, sinks, tree } from "../torture/support/InProcess.ts"

const start = Date.parse("2026-11-28T05:00:00Z")

/** Two tenants, each with its own data directory, and a place that both write to. */
const shared = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-shared-" })
  const targets = [
    { sink: "duckdb", location: `${folder}/shared/l.duckdb` },
    { sink: "parquet", location: `${folder}/shared/parquet` }
  ]
  yield* TestClock.setTime(start)
  const [duoA, duoB] = [yield* serve({ people: "hostile", users: 5 }), yield* serve({ people: "hostile", users: 7 })]
  const to = (sink: string, data: string, duo: typeof duoA, options: Parameters<typeof run>[4] = {}) =>
    Effect.andThen(
      TestClock.adjust("1 second"),
      run(duo, `${folder}/${data}`, targets.filter((target) => target.sink === sink), undefined, options)
    )
  return {
    folder,
    ledger: `${folder}/shared/l.duckdb`,
    parquet: `${folder}/shared/parquet`,
    a: (sink: string, options?: Parameters<typeof run>[4]) => to(sink, "a", duoA, options),
    b: (sink: string) => to(sink, "b", duoB),
    /** The tenant of `a` with another data directory. */
    again: (sink: string) => to(sink, "c", duoA),
    duoA
  }
})

/** A sink whose process dies while it publishes, after so many renames. */
const dying = (sink: Sink, moves = 0): Sink => ({
  ...sink,
  publish: (publication, run_id, location) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      let left = moves
      const some: FileSystem.FileSystem = {
        ...fs,
        rename: (from, to) => left-- > 0 ? fs.rename(from, to) : Effect.die("the process is killed here")
      }
      return yield* sink.publish(publication, run_id, location).pipe(Effect.provideService(FileSystem.FileSystem, some))
    }).pipe(
      Effect.catchDefect(() =>
        Effect.fail(new SinkError({ sink: sink.name, location: "", reason: new InputOutput({ detail: "killed" }) }))
      )
    )
})
const killed = (sink: Sink, moves?: number) => ({ findSink: () => Effect.succeed(dying(sink, moves)) })

const tenantsIn = (ledger: string) =>
  readers.query(ledger, "SELECT tenant, count(*)::INT AS users FROM users GROUP BY ALL ORDER BY users")

const tenantsOf = Effect.fnUntraced(function*(directory: string, table = usersTable) {
  const { rows } = yield* readers.parquetFile(`${directory}/current/${table.name}.parquet`, table.columns)
  return Object.entries(Object.groupBy(rows, ({ tenant }) => String(tenant))).map(([_, users]) => users?.length).sort()
})

const sealed = (folder: string) => readdirSync(`${folder}/a/runs`).filter((name) => name.endsWith(".sealed"))

layer(NodeServices.layer)("what runs share", (it) => {
  for (
    const { at, sink } of [{ at: "shared/.l.duckdb.lock", sink: "duckdb" }, {
      at: "shared/parquet/.lock",
      sink: "parquet"
    }]
  ) {
    it.effect(`${sink} is locked by one run at a time; another ends with 75 before a request to Duo, and names it`, () =>
      Effect.gen(function*() {
        const { a, b, duoA, folder } = yield* shared
        assert.strictEqual((yield* b(sink)).code, 0)
        mkdirSync(`${folder}/a`)
        const before = tree(folder)
        const other = yield* processes.open(`${folder}/${at}`, "READ_WRITE")
        assert.strictEqual(other.opened, "open")
        const { code, message } = yield* a(sink)
        assert.strictEqual(code, 75, message)
        assert.include(message, `process ${other.pid}`)
        assert.lengthOf(duoA.requests, 0)
        assert.deepStrictEqual(tree(folder), before)
        yield* other.leave
        assert.strictEqual((yield* a(sink)).code, 0)
      }))

    it.effect(`${sink}: a run that was sealed when its process was killed is published by the next run`, () =>
      Effect.gen(function*() {
        const { a, b, folder } = yield* shared
        yield* b(sink)
        assert.strictEqual((yield* a(sink, killed(sinks[sink as "duckdb"]))).code, 74)
        assert.lengthOf(sealed(folder), 1)
        assert.strictEqual((yield* a(sink)).code, 0)
        assert.lengthOf(readdirSync(`${folder}/a/runs`), 2)
      }))

    it.effect(`${sink}: it is published even if all files were copied or restored meanwhile, with other times`, () =>
      Effect.gen(function*() {
        const { a, folder } = yield* shared
        yield* a(sink)
        yield* a(sink, killed(sinks[sink as "duckdb"]))
        for (const file of globSync(`${folder}/shared/**/*`)) utimesSync(file, 1, 1)
        assert.strictEqual((yield* a(sink)).code, 0)
        assert.lengthOf(readdirSync(`${folder}/a/runs`), 3)
      }))

    it.effect(`${sink}: it is discarded if another run has been published there since, whose rows it would lose`, () =>
      Effect.gen(function*() {
        const { a, b, folder, ledger, parquet: files } = yield* shared
        yield* a(sink)
        yield* a(sink, killed(sinks[sink as "duckdb"]))
        assert.lengthOf(sealed(folder), 1)
        yield* b(sink)
        assert.strictEqual((yield* a(sink)).code, 0)
        assert.deepStrictEqual(sealed(folder), [])
        assert.lengthOf(readdirSync(`${folder}/a/runs`), 2, "the one before it and the new one")
        assert.deepStrictEqual(globSync(`${folder}/shared/**/*.part`), [])
        if (sink === "duckdb") {
          assert.deepStrictEqual((yield* tenantsIn(ledger)).map(({ users }) => users), [5, 7])
          assert.deepStrictEqual(yield* readers.query(ledger, "SELECT count(*)::INT AS n FROM runs"), [{ n: 3 }])
        } else assert.deepStrictEqual(yield* tenantsOf(files), [5, 7])
      }))
  }

  it.effect("a run that was killed while it renamed its Parquet files is finished, and leaves those of another run", () =>
    Effect.gen(function*() {
      const { a, b, folder, parquet: files } = yield* shared
      yield* a("parquet", killed(parquet, 2))
      assert.lengthOf(sealed(folder), 1)
      yield* b("parquet")
      const [id = ""] = sealed(folder).map((name) => name.replace(".json.sealed", ""))
      assert.strictEqual((yield* a("parquet")).code, 0)
      for (const table of ["users", "mfa_methods", "user_groups", "bypass_codes"]) {
        assert.lengthOf(globSync(`${files}/${table}/run_date=*/${id}.parquet`), 1, table)
      }
      assert.deepStrictEqual(yield* tenantsOf(files), [5, 7])
      assert.deepStrictEqual(globSync(`${folder}/shared/**/*.part`), [])
    }))

  for (
    const [what, change] of Object.entries({
      "wrote to": (ledger: string) => readers.execute(ledger, "CREATE TABLE mine AS SELECT 42 AS answer"),
      "left a write-ahead log beside": (ledger: string) => Effect.sync(() => writeFileSync(`${ledger}.wal`, "mine"))
    })
  ) {
    it.effect(`a ledger that somebody ${what} since is not replaced`, () =>
      Effect.gen(function*() {
        const { a, folder, ledger } = yield* shared
        yield* a("duckdb")
        yield* a("duckdb", killed(duckdb))
        yield* change(ledger)
        const { code } = yield* a("duckdb")
        assert.deepStrictEqual(sealed(folder), [])
        if (existsSync(`${ledger}.wal`)) assert.strictEqual(code, 73)
        else assert.deepStrictEqual(yield* readers.query(ledger, "FROM mine"), [{ answer: 42 }])
      }))
  }

  for (const sink of ["duckdb", "parquet"]) {
    it.effect(`${sink}: a run that is older than the published one ends with 75, and works when it is made again`, () =>
      Effect.gen(function*() {
        const { a, again, folder } = yield* shared
        const { outcome } = yield* a(sink)
        // another machine, whose clock is behind
        yield* TestClock.setTime(start - 3_600_000)
        const before = tree(`${folder}/shared`)
        const { code, message } = yield* again(sink)
        assert.strictEqual(code, 75, message)
        assert.include(message, String(outcome?.run_id))
        assert.deepStrictEqual(tree(`${folder}/shared`), before)
        yield* TestClock.setTime(start + 3_600_000)
        assert.strictEqual((yield* again(sink)).code, 0)
      }))
  }

  for (const lock of ["data/.lock", "data/.duo.duckdb.lock", "data/parquet/.lock"]) {
    it.effect(`--wait waits for the process that has ${lock}`, () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const cwd = yield* fs.makeTempDirectoryScoped()
        yield* TestClock.setTime(Date.now())
        const duo = yield* serve({ users: 3 })
        mkdirSync(`${cwd}/data/parquet`, { recursive: true, mode: 0o700 })
        const other = yield* processes.open(`${cwd}/${lock}`, "READ_WRITE")
        const late = yield* command(cwd, ["extract", "--wait", "1s"], settings(duo))
        assert.strictEqual(late.code, 75, late.stderr)
        assert.include(late.stderr, `process ${other.pid}`)
        assert.lengthOf(duo.requests, 0)
        const { child, ended } = begin(cwd, ["extract", "--wait", "10m"], settings(duo))
        yield* Effect.promise(() =>
          new Promise<void>((resolve) =>
            child.stderr.on("data", (data) => /Waiting for up to 10m for process/.test(String(data)) && resolve())
          )
        )
        yield* other.leave
        const { code, stderr } = yield* Effect.promise(() => ended)
        assert.strictEqual(code, 0, stderr)
      }), 60_000)
  }

  it.effect(
    "a rebuild ends with 75 during a run in its data directory or into its ledger",
    () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const cwd = yield* fs.makeTempDirectoryScoped()
        yield* TestClock.setTime(Date.now())
        assert.strictEqual((yield* command(cwd, ["extract"], settings(yield* serve({ users: 3 })))).code, 0)
        const before = contents(`${cwd}/data`)
        for (const lock of ["data/.lock", "data/.duo.duckdb.lock"]) {
          const other = yield* processes.open(`${cwd}/${lock}`, "READ_WRITE")
          const { code, stderr } = yield* command(cwd, ["rebuild"])
          assert.strictEqual(code, 75, stderr)
          assert.include(stderr, `process ${other.pid}`)
          assert.deepStrictEqual(contents(`${cwd}/data`), before)
          yield* other.leave
        }
        assert.strictEqual((yield* command(cwd, ["rebuild"])).code, 0)
      }),
    60_000
  )

  it.effect("--wait is a number and a unit", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const cwd = yield* fs.makeTempDirectoryScoped()
      for (const text of ["10", "m", "-1s", "1w", "1s2", ""]) {
        const { code, stderr } = yield* command(cwd, ["extract", `--wait=${text}`])
        assert.strictEqual(code, 64, `${text}: ${stderr}`)
      }
    }), 60_000)
})
