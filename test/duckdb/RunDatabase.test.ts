/** The run database, with more than fits into its memory. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { readdirSync } from "node:fs"
import * as path from "node:path"
import * as RunDatabase from "../../src/duckdb/RunDatabase.ts"

const count = 2_000_000

/** A join that needs more than the memory of any run database: about 200 bytes for each row of one side. */
const join = `SELECT count(*) FROM (SELECT range AS number, repeat('x', 150) || range AS text FROM range(${count})) one
  JOIN (SELECT range AS number, repeat('y', 150) || range AS text FROM range(${count})) other USING (number)
  WHERE one.text <> other.text`

describe("the run database", () => {
  it.effect("writes what does not fit into memory beside its files, and leaves nothing", () =>
    Effect.gen(function*() {
      const directory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const { during, rows } = yield* Effect.scoped(Effect.gen(function*() {
        const { session } = yield* RunDatabase.open(directory)
        const rows = yield* session.all(join)
        return { rows, during: readdirSync(directory) }
      }))
      assert.deepStrictEqual(rows.map((row) => row.map(Number)), [[count]])
      assert.include(during, "overflow")
      assert.deepStrictEqual(readdirSync(directory).flatMap((name) => readdirSync(path.join(directory, name))), [])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)), 60_000)

  it.effect("of a dry run writes nothing, and fails instead", () =>
    Effect.gen(function*() {
      const directory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const { session } = yield* RunDatabase.open(directory, "never")
      const failure = yield* Effect.flip(session.all(join))
      assert.strictEqual(failure._tag, "InputOutput")
      assert.deepStrictEqual(readdirSync(directory), [])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)), 60_000)
})
