/** Objects are encoded column by column, and loaded with their places. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as ObjectLoader from "../../src/duckdb/ObjectLoader.ts"
import * as RunDatabase from "../../src/duckdb/RunDatabase.ts"

const columns = { id: "VARCHAR", tags: "VARCHAR[]", "owner.name": "VARCHAR", "owner.home.city": "VARCHAR" }

describe("the loader", () => {
  it.effect("keeps every object in its place, with the fields of the objects in it", () =>
    Effect.gen(function*() {
      const directory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const database = yield* RunDatabase.open(directory)
      const loader = yield* ObjectLoader.make(database, "readings.things", columns)
      const objects = Array.from({ length: 1201 }, (_, n) => ({
        id: `T${n}`,
        tags: n % 2 === 0 ? [] : ["a", `${n}`],
        owner: n % 3 === 0 ? null : { name: `N${n}`, home: n % 3 === 1 ? null : { city: "\u0000\"é😀" } }
      }))
      for (const some of ObjectLoader.encode(columns, objects)) yield* loader.add(4, some)
      yield* loader.finish
      const rows = yield* database.session.all(
        `SELECT _page, _place, id, tags::VARCHAR, "owner.name", "owner.home.city" FROM readings.things ORDER BY _place`
      )
      assert.deepStrictEqual(
        rows,
        objects.map(({ id, owner, tags }, place) => [
          4,
          place,
          id,
          `[${tags.join(", ")}]`,
          owner?.name ?? null,
          owner?.home?.city ?? null
        ])
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})
