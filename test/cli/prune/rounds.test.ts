/** `prune` where the tenants of a round share files. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync } from "node:fs"
import { command } from "../../support/processes/command.ts"
import { inFolder } from "../../support/processes/program.ts"
import { extract, loopback, some, write } from "../extract/listed.ts"

describe("prune", () => {
  it.live(
    "removes the files of a round only when no tenant needs one of its runs",
    () =>
      inFolder((folder) =>
        Effect.gen(function*() {
          const { entries } = yield* some(folder, { one: { users: 5 }, two: { users: 5 } })
          const idsOf = (sink: string) =>
            globSync(`${folder}/data/${sink}/users/**/*.*`).map((file) => /2\d{7}T\w+-\w{6}/.exec(file)?.[0]).sort()
          const prune = Effect.gen(function*() {
            const pruned = yield* command(folder, ["prune", "--keep-daily", "1"], loopback)
            assert.strictEqual(pruned.code, 0, pruned.stderr)
            const verified = yield* command(folder, ["verify", "--all"], loopback)
            assert.strictEqual(verified.code, 0, verified.stderr)
            return pruned.stdout
          })
          yield* extract(folder)
          write(folder, entries.slice(0, 1))
          yield* extract(folder)
          yield* extract(folder)
          const [both, , newest] = idsOf("parquet")
          // the first round has the newest run of the tenant two, and an old run of the other
          assert.match(yield* prune, /parquet +data\/parquet +3 +1 /)
          for (const sink of ["parquet", "ndjson"]) assert.deepStrictEqual(idsOf(sink), [both, newest])
          write(folder, entries)
          yield* extract(folder)
          assert.match(yield* prune, /parquet +data\/parquet +2 +3 /)
          for (const sink of ["parquet", "ndjson"]) assert.lengthOf(idsOf(sink), 1)
        })
      ),
    120_000
  )
})
