/** Cases made of rows: a table of them, struck at one list request after another, or one row by chance a repetition. */
import { Cause, Effect } from "effect"
import type { Fault, Scenario } from "../../../src/emulator/faults/Scenario.ts"
import { Dice, mix } from "../../../src/emulator/people/Dice.ts"
import { type Case, repeat, sum } from "../Case.ts"
import type { Setup } from "./Extraction.ts"
import { places, play, type Quiet, quietly, type Row, small } from "./Row.ts"

type About = Pick<Case, "id" | "fault" | "expected" | "n">

/** The k-th request for a list of users, and it alone. */
export const once = (k: number, ...faults: ReadonlyArray<Fault>): Scenario =>
  faults.map((fault) => ({ when: { page: k }, do: fault }))

/** So many requests in a row, from the k-th on: it, and its being asked again. */
export const times = (k: number, count: number, fault: Fault): Scenario => [
  { when: { from_page: k, times: count }, do: fault }
]

/** From the k-th on. */
export const forGood = (k: number, ...faults: ReadonlyArray<Fault>): Scenario =>
  faults.map((fault) => ({ when: { from_page: k }, do: fault }))

/** At least so many places are all that there are, and every row is played at each. */
const many = 10

/** The rows that strike at a place; if there are to be few, those that differ. */
type Rows = (k: number, isShort: boolean) => ReadonlyArray<Row>

/** Rows by the place that they strike. All of them at every place, or each at one of few places in turn. */
const playsAt = (at: ReadonlyArray<number>, rows: Rows, isShort: boolean) =>
  isShort
    ? rows(1, isShort).map((row, index) => {
      const k = at[index % at.length] ?? 1
      const there = rows(k, isShort).find(({ name }) => name === row.name)
      return there === undefined ? { k: 1, row } : { k, row: there }
    })
    : at.flatMap((k) => rows(k, isShort).map((row) => ({ k, row })))

/** Plays all rows at n places of the list, every place if there are no more; or each of them once, if n is small. */
export const table = (about: About, rows: Rows, setup: Setup = small): Case => ({
  ...about,
  run: ({ n }) =>
    Effect.gen(function*() {
      const quiet = yield* quietly(setup)
      const plays = playsAt(places(quiet, n), rows, n < many).map(({ k, row }) =>
        Effect.mapError(
          Effect.sandbox(play(quiet, row)),
          (cause) => new Error(`struck at list request ${k}: ${Cause.pretty(cause)}`)
        )
      )
      return sum(yield* Effect.all(plays))
    })
})

/** Plays one row of the seed's choice a repetition. */
export const chance = (
  about: About,
  row: (dice: Dice, quiet: Quiet, seed: number) => Row,
  setup: Setup = small
): Case => ({
  ...about,
  run: (plan) =>
    Effect.flatMap(
      quietly(setup),
      (quiet) => repeat(plan, (seed) => play(quiet, { seed, ...row(new Dice(mix(0x4e7, seed)), quiet, seed) }))
    )
})

/** A place by chance. */
export const somewhere = ({ lists }: Quiet, dice: Dice): number => 1 + dice.below(lists)
