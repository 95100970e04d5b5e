/** F1: a ledger that was damaged. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import * as assert from "node:assert"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { Dice, mix } from "../../../src/emulator/people/Dice.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { runOf, tables } from "../../laws/rows.ts"
import { comparable } from "../../laws/sink.ts"
import { program, settings } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"
import { type Case, type Plan, repeat, sum } from "../Case.ts"
import { codeOf, inFolder, run } from "./engine.ts"
import { damaged, noise } from "./pages.ts"

/** The headers of a DuckDB file: the main header, and two headers that are written in turn. */
const headers = 3 * 4096

const allowed = [73, 74, 75]

/** Damages a ledger. Half of the damage is in its headers. */
const spoil = (dice: Dice, good: Buffer) =>
  dice.chance(3) ? noise(dice) : damaged(dice, good, dice.chance(50) ? headers : good.length)

const inProcess = (plan: Plan) =>
  inFolder((folder) =>
    Effect.gen(function*() {
      const ledger = `${folder}/duo.duckdb`
      const start = run(folder, "duckdb", ledger)
      const expected = yield* start
      const good = readFileSync(ledger)
      const rows = yield* readRows(ledger, expected.outcome.run_id)
      return yield* repeat(plan, (seed) =>
        Effect.gen(function*() {
          const bad = spoil(new Dice(mix(seed, 0xf1)), good)
          writeFileSync(ledger, bad)
          const exit = yield* Effect.exit(start)
          const code = codeOf(exit, allowed)
          if (exit._tag === "Success") {
            assert.deepStrictEqual(yield* readRows(ledger, exit.value.outcome.run_id), rows)
          } else assert.ok(readFileSync(ledger).equals(bad), "what was damaged was changed")
          assert.deepStrictEqual(readdirSync(folder).filter((name) => name.includes(".part")), [])
          return { [code === 0 ? "succeeded" : `exit ${code}`]: 1 }
        }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
    })
  )

/** The rows of a run as other programs see them, without the columns that differ in every run. */
const readRows = Effect.fnUntraced(function*(ledger: string, run_id: string) {
  const all = yield* Effect.forEach(tables, (table) => readers.duckdb(ledger, { ...runOf(1), run_id }, table))
  return all.map((rows) => comparable(rows).map(({ observed_at: _, run_id: __, ...row }) => row))
})

const real = (n: number, seed: number) =>
  inFolder((folder) =>
    Effect.gen(function*() {
      const duo = yield* serve({ people: "hostile", users: 20 })
      const args = ["extract", "--sink", "duckdb"]
      assert.equal((yield* program(folder, args, settings(duo))).code, 0)
      const ledger = `${folder}/data/duo.duckdb`
      const good = readFileSync(ledger)
      return yield* repeat({ n, seed }, (seed) =>
        Effect.gen(function*() {
          const bad = spoil(new Dice(mix(seed, 0xf11)), good)
          writeFileSync(ledger, bad)
          const { code, stderr } = yield* program(folder, args, settings(duo))
          assert.ok([0, ...allowed].includes(code ?? -1), `${code}: ${stderr}`)
          if (code !== 0) {
            assert.ok(readFileSync(ledger).equals(bad))
            assert.ok(stderr.trim().split("\n").length <= 5 && stderr.includes("Move it away"), stderr)
          }
          return { "real program": 1 }
        }))
    }).pipe(Effect.scoped)
  )

export const cases: ReadonlyArray<Case> = [
  {
    id: "F1",
    fault: "a ledger whose bytes are flipped, cut, doubled, spliced or random",
    expected: "exit 73, 74 or 75 and the file is unchanged, or exactly the right rows",
    n: { test: 6, torture: 150 },
    run: ({ n, seed }) =>
      Effect.gen(function*() {
        const engine = yield* inProcess({ n, seed })
        return sum([engine, yield* real(Math.ceil(n / 30), seed)])
      })
  }
]
