/** Several runs read their lists into one run database, and stay apart. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Result } from "effect"
import * as RunDatabase from "../../../src/duckdb/RunDatabase.ts"
import { Users } from "../../../src/duo/list/Users.ts"
import { fail, fake, ok } from "../../support/servers/duo-fake.ts"

const stamp = { run_id: "run", observed_at: 0n, tenant: "api-example" }

/** Runs with a run database. */
const withDatabase = <A, E>(use: (database: RunDatabase.RunDatabase) => Effect.Effect<A, E>) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped()).pipe(
    Effect.flatMap(RunDatabase.open),
    Effect.flatMap(use),
    Effect.scoped,
    Effect.provide(NodeServices.layer)
  )

describe("a snapshot", () => {
  it.effect("of each of several runs in one database has the objects of that run, and none of a run that failed", () =>
    withDatabase(Effect.fnUntraced(function*(database) {
      const ids = ["a", "b", "c", "d"]
      const readRun = (run_id: string, shown: number) => {
        const duo = fake(({ url }) => {
          const offset = Number(new URL(url).searchParams.get("offset"))
          const users = ids.slice(offset, offset + 3).map((user_id) => ({
            user_id,
            realname: `${user_id} of ${run_id}`
          }))
          if (offset >= shown) return fail(40002)
          return ok(users, { total_objects: 4, ...offset + 3 < 4 ? { next_offset: offset + 3 } : {} })
        })
        return Effect.flatMap(
          Users,
          ({ read }) =>
            read({ pageSize: 3, database, stamp: { ...stamp, run_id }, what: "users", onPage: () => Effect.void })
        ).pipe(Effect.result, Effect.provide(Users.layer.pipe(Layer.provideMerge(duo.layer))))
      }
      const read = yield* Effect.all([readRun("one", 4), readRun("failed", 1), readRun("two", 4)], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(read.map(Result.isSuccess), [true, false, true])
      const rows = yield* database.session.all(
        "SELECT run_id, user_id, realname FROM objects.users ORDER BY run_id, user_id"
      )
      assert.deepStrictEqual(
        rows,
        ["one", "two"].flatMap((run_id) => ids.map((user_id) => [run_id, user_id, `${user_id} of ${run_id}`]))
      )
    })))
})
