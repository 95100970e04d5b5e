/** Ids and their numbers: the same as with a Map, however many there are and whatever they look like. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Ids } from "../src/duo/Ids.ts"

/** What a Map makes of the same ids, one after the other: known by which number, or given which. */
const agrees = (sequence: ReadonlyArray<string>) => {
  const ids = new Ids()
  const numbers = new Map<string, number>()
  for (const id of sequence) {
    const known = numbers.get(id)
    assert.strictEqual(ids.get(id), known)
    if (known !== undefined) continue
    assert.strictEqual(ids.add(id), numbers.size)
    numbers.set(id, numbers.size)
    assert.strictEqual(ids.size, numbers.size)
  }
  for (const [id, number] of numbers) assert.strictEqual(ids.get(id), number)
  return ids
}

const Text = Schema.NonEmptyString

describe("Ids", () => {
  it.effect.prop(
    "are known by the number that they were given, in the order in which they came",
    [Schema.Array(Schema.Union([Text, Schema.Literals(["DU1", "DU12", "DU2", "ＤＵ1", "1", "12"])]))],
    ([sequence]) => Effect.sync(() => agrees(sequence.map((id) => id.toWellFormed())))
  )

  it.effect.prop(
    "may be long, and are told apart by their last letter",
    [Text],
    ([letter]) =>
      Effect.sync(() => agrees(["a", "b", "a", "é"].map((last) => letter.toWellFormed().repeat(20_000) + last)))
  )

  it("may be many", () => {
    const user = (number: number) => `DU${number.toString(36).toUpperCase().padStart(18, "0")}`
    const ids = agrees(Array.from({ length: 10_000 }, (_, number) => user(number * 7919 % 9000)))
    assert.strictEqual(ids.size, 9000)
    assert.isUndefined(ids.get(user(9000)))
  })
})
