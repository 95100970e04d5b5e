/** R5: the clock of this machine differs from Duo's. */
import { assert } from "@effect/vitest"
import { Effect, Runtime } from "effect"
import { TestClock } from "effect/testing"
import mfa from "../../../pipelines/mfa.ts"
import { type Case, sum } from "../Case.ts"
import { alone, extractIn, inWorld, serveIn, type Setup } from "./table/Extraction.ts"
import { afterwards, small } from "./table/Row.ts"

const now = Date.UTC(2026, 10, 23)

/** The seconds that this machine is ahead, and whether Duo accepts that. */
const clocks: ReadonlyArray<readonly [name: string, ahead: number, accepted: boolean]> = [
  ["1 minute ahead", 60, true],
  ["1 minute behind", -60, true],
  ["6 minutes ahead", 360, false],
  ["6 minutes behind", -360, false],
  ["an hour ahead, summer's", 3600, false],
  ["an hour behind, winter's", -3600, false],
  ["in 1970", -now / 1000, false]
]

const told = (ahead: number) => `${Math.abs(ahead)} s ${ahead > 0 ? "ahead of" : "behind"} Duo's`

const play = (name: string, ahead: number, accepted: boolean, env: NonNullable<Setup["env"]>) =>
  alone(Effect.gen(function*() {
    yield* TestClock.setTime(now + ahead * 1000)
    const world = yield* serveIn({ duo: { ...small.duo, clockSkew: -ahead } })
    const refused = () => world.duo.requests.filter(({ status }) => status === 401).length
    const check = yield* inWorld(world, { env }, Effect.flatMap(mfa.connect, (source) => source.check))
    const refusedChecks = refused()
    const run = yield* extractIn(world, { ...small, env })
    afterwards(run)
    if (accepted) {
      assert.strictEqual(
        check.value?.find(({ subject }) => subject === "clock")?.detail,
        `${told(ahead)}: set it (NTP).`
      )
      assert.isTrue(run.outcome?.complete)
      return { [name]: world.duo.requests.length }
    }
    for (const error of [check.error, run.error]) {
      assert.include(error?.message, `This machine's clock is ${told(ahead)}: set it (NTP), and run again.`)
      assert.strictEqual(error?.[Runtime.errorExitCode], 77)
    }
    assert.deepStrictEqual([refusedChecks, refused()], [1, 2], "it was asked again")
    return { [name]: refused() }
  })).pipe(Effect.mapError((error) => new Error(`${name}: ${error}`, { cause: error })))

const skewed: Case = {
  id: "R5",
  fault: "the clock is wrong by 1 min, 6 min or 1 h, fast or slow; it shows 1970",
  expected: "check and a run name the seconds; if Duo refuses, exit 77 without a retry",
  n: { test: 1, torture: 1 },
  run: () =>
    Effect.map(
      Effect.forEach(clocks, ([name, ahead, accepted]) =>
        Effect.map(
          Effect.all([
            play(name, ahead, accepted, {}),
            play(`${name}, v2-sha1`, ahead, accepted, { DUO_SIGNATURE: "v2-sha1" })
          ]),
          sum
        )),
      sum
    )
}

export const cases: ReadonlyArray<Case> = [skewed]
