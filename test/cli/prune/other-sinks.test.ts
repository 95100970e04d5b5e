/** `prune` and `forget-person` with a sink that can do neither, outside of the data directory. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { resolve } from "node:path"
import { command, extract } from "../../support/processes/command.ts"
import { contents, inFolder } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"

const module = resolve("test/support/sinks/killing.ts")

describe("a sink that cannot remove anything", () => {
  it.live("is named, so that a person does it by hand", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* extract(folder, { users: 5 }, ["--sink", "duckdb", "--sink", "csv", "--sink", module])
      const unnamed = yield* command(folder, ["prune", "--keep-daily", "1"])
      assert.strictEqual(unnamed.code, 0)
      assert.include(unnamed.stderr, "killing.ts:/nowhere is outside of the data directory")
      assert.match(unnamed.stderr, /duo\.duckdb keeps its whole history/)
      const named = yield* command(folder, ["prune", "--keep-daily", "1", "--sink", module])
      assert.include(named.stderr, "killing.ts:/nowhere cannot remove snapshots. Remove its old runs there yourself")

      const [user] = yield* readers.query(`${folder}/data/duo.duckdb`, "SELECT user_id FROM users LIMIT 1")
      const user_id = String(user?.["user_id"])
      const before = contents(`${folder}/data`)
      const refused = yield* command(folder, ["forget-person", user_id])
      assert.deepStrictEqual([refused.code, contents(`${folder}/data`)], [4, before])
      assert.include(refused.stderr, "killing.ts:/nowhere too, where the person would stay. Nothing changed")
      const erased = yield* command(folder, ["forget-person", user_id, "--sink", module])
      assert.strictEqual(erased.code, 0, erased.stderr)
      assert.include(erased.stderr, "killing.ts:/nowhere cannot erase a person. Erase the rows there yourself")
    })))
})
