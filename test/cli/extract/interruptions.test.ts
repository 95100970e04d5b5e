/** A run that somebody stops, kills or doubles: it publishes all or nothing, and the next one is whole. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { command } from "../../support/processes/command.ts"
import { contents, program, settings, start } from "../../support/processes/program.ts"
import { neverDone, untilItWaits } from "../../support/processes/waiting.ts"
import { keepGoodRun, users } from "./good-run.ts"

const withGoodRun = keepGoodRun()

/** A run in the middle of its pages. */
const running = Effect.fnUntraced(function*(folder: string) {
  const duo = yield* serve({ users, ...neverDone })
  const run = start(folder, ["extract", "--page-size", "20"], settings(duo))
  yield* untilItWaits(duo)
  return run
})

describe("extract, in the middle of a run", () => {
  for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
    it.live(`ends at ${signal} with ${code}, and leaves nothing`, () =>
      withGoodRun(Effect.fnUntraced(function*(folder, before) {
        const run = yield* running(folder)
        run.child.kill(signal)
        const { code: ended, stderr } = yield* Effect.promise(() => run.ended)
        assert.strictEqual(ended, code)
        assert.include(stderr, "nothing was published")
        assert.deepStrictEqual(contents(folder), before)
      })))
  }

  it.live("goes on when it is told to stop while it publishes: 143 is for a run that published nothing", () =>
    withGoodRun(Effect.fnUntraced(function*(folder, before) {
      const duo = yield* serve({ users })
      const sinks = [
        "--sink",
        "ndjson",
        "--sink",
        `${import.meta.dirname}/../../support/sinks/stopping.ts`,
        "--sink",
        "csv"
      ]
      const { code, stderr, stdout } = yield* program(folder, ["extract", "--json", ...sinks], settings(duo))
      assert.strictEqual(code, 0, stderr)
      assert.notInclude(stderr, "nothing was published")
      const { exit, run_id } = JSON.parse(stdout)
      assert.strictEqual(exit, 0)
      const made = Object.keys(contents(folder)).filter((file) => !(file in before))
      assert.includeMembers(made, [`data/csv/users/${run_id}.csv`, `data/runs/${run_id}.json`])
    })))

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it.live(`is not stopped by any ${signal} that comes when it has said what it did`, () =>
      withGoodRun(Effect.fnUntraced(function*(folder) {
        const duo = yield* serve({ users })
        const { child, ended } = start(folder, ["extract", "--sink", "ndjson"], settings(duo))
        yield* Effect.promise(async () => {
          await new Promise((resolve) => child.stdout.once("data", resolve))
          while (child.exitCode === null && child.signalCode === null) {
            child.kill(signal)
            await new Promise((resolve) => setImmediate(resolve))
          }
        })
        assert.strictEqual((yield* Effect.promise(() => ended)).code, 0)
      })))
  }

  it.live("a second extract ends at once with 75 and names the first process", () =>
    withGoodRun(Effect.fnUntraced(function*(folder) {
      const first = yield* running(folder)
      const duo = yield* serve({ users })
      const second = yield* command(folder, ["extract"], settings(duo))
      assert.strictEqual(second.code, 75)
      assert.include(second.stderr, `process ${first.child.pid}`)
      assert.strictEqual(duo.requests.length, 0)
      first.child.kill("SIGTERM")
      assert.strictEqual((yield* Effect.promise(() => first.ended)).code, 143)
    })))

  it.live("is killed: the next one takes away what it left, and is whole", () =>
    withGoodRun(Effect.fnUntraced(function*(folder, before) {
      const { child, ended } = yield* running(folder)
      child.kill("SIGKILL")
      yield* Effect.promise(() => ended)
      const litter = Object.keys(contents(folder)).filter((file) => !(file in before))
      assert.isNotEmpty(litter)
      const duo = yield* serve({ users })
      const next = yield* command(folder, ["extract"], settings(duo))
      assert.strictEqual(next.code, 0, next.stderr)
      const after = contents(folder)
      assert.deepStrictEqual(litter.filter((file) => file in after), [])
      assert.isFalse(Object.keys(after).some((file) => /\.(part|open|sealed)\b/.test(file)))
    })))
})
