/** Makes cases from rows: all rows at one request for the list after another, or one random row per repetition. */
import { Cause, Effect } from "effect"
import type { Fault, Scenario } from "../../../../src/emulator/faults/Scenario.ts"
import { Dice, mix } from "../../../../src/emulator/people/Dice.ts"
import { type Case, repeat, sum } from "../../Case.ts"
import type { Setup } from "./Extraction.ts"
import { places, play, type Quiet, quietly, type Row, small } from "./Row.ts"

type About = Pick<Case, "id" | "fault" | "expected" | "n">

/** Only the k-th request for the list of users. */
export const once = (k: number, ...faults: ReadonlyArray<Fault>): Scenario =>
  faults.map((fault) => ({ when: { page: k }, do: fault }))

/** So many requests in a row, from the k-th on: the request and its retries. */
export const times = (k: number, count: number, fault: Fault): Scenario => [
  { when: { from_page: k, times: count }, do: fault }
]

/** All requests from the k-th on. */
export const forGood = (k: number, ...faults: ReadonlyArray<Fault>): Scenario =>
  faults.map((fault) => ({ when: { from_page: k }, do: fault }))

/** With at least so many places, every row is tried at each place. */
const many = 10

/** The rows for a place; if few are wanted, only those that differ. */
type Rows = (k: number, isShort: boolean) => ReadonlyArray<Row>

/** The rows for each place: all rows at every place, or each row at one of a few places in turn. */
const playsAt = (at: ReadonlyArray<number>, rows: Rows, isShort: boolean) =>
  isShort
    ? rows(1, isShort).map((row, index) => {
      const k = at[index % at.length] ?? 1
      const there = rows(k, isShort).find(({ name }) => name === row.name)
      return there === undefined ? { k: 1, row } : { k, row: there }
    })
    : at.flatMap((k) => rows(k, isShort).map((row) => ({ k, row })))

/** Tries all rows at n places of the list, or at all places if there are fewer; if n is small, each row once. */
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

/** Tries one row per repetition, which the seed chooses. */
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

/** A random place. */
export const somewhere = ({ lists }: Quiet, dice: Dice): number => 1 + dice.below(lists)
