/** The macros of the SELECTs, compared with plain code. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Arbitrary, Context, Effect, Layer, Schema } from "effect"
import { createHmac } from "node:crypto"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as Personal from "../../src/duckdb/Personal.ts"
import { Dice } from "../../src/emulator/people/Dice.ts"
import * as Cells from "../oracle/Cells.ts"
import { lastSeen, texts } from "../support/hostile/values.ts"
import { open } from "../support/run-database.ts"

class Macros extends Context.Service<Macros, DuckDb.Session>()("test/Macros") {
  static readonly layer = Layer.effect(Macros, open([]))
}

const byte = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))

/** Values as rows; NUL can only be written as JSON. */
const values = (list: ReadonlyArray<unknown>, type: string) =>
  `(SELECT unnest(from_json(${DuckDb.literal(JSON.stringify(list))}, '["${type}"]')))`

layer(Macros.layer.pipe(Layer.provide(NodeServices.layer)))("SQL makes", (it) => {
  it.effect("texts joined in JavaScript's order, each once and none empty", () =>
    Effect.gen(function*() {
      const session = yield* Macros
      const dice = new Dice(4)
      const lists = Array.from({ length: 20_000 }, () => texts(dice))
      // the library removes a byte order mark at the start of a text
      const joined = yield* session.all(`SELECT '|' || joined(texts) FROM ${values(lists, "VARCHAR[]")} AS _(texts)`)
      assert.deepStrictEqual(
        joined.map(([text]) => text),
        lists.map(Cells.joined).map((text) => text === null ? null : `|${text}`)
      )
    }))

  it.effect("times of last_seen, in every spelling", () =>
    Effect.gen(function*() {
      const session = yield* Macros
      const dice = new Dice(5)
      const texts = Array.from({ length: 20_000 }, () => lastSeen(dice))
      const found = yield* session.all(`SELECT epoch_us(from_text(text)) FROM ${values(texts, "VARCHAR")} AS _(text)`)
      const expected = texts.map(Cells.fromText)
      assert.deepStrictEqual(found.map(([time]) => time), expected)
      assert.isAbove(expected.filter((time) => time !== null).length, 1000)
    }))

  it.effect.prop("the HMAC-SHA256 of personal texts, and keeps or drops them", [
    Arbitrary.flatMap(
      Arbitrary.schema(Schema.Literals([0, 1, 32, 63, 64, 65, 200])),
      (length) => Arbitrary.array(byte, { minLength: length, maxLength: length })
    ),
    Schema.Array(Schema.NullOr(Schema.String))
  ], ([bytes, texts]) =>
    Effect.gen(function*() {
      const key = Uint8Array.from(bytes)
      const session = yield* Macros
      yield* Personal.storeKey(session, key)
      const wellFormed = texts.map((text) => text?.toWellFormed() ?? null)
      const found = yield* session.all(
        `SELECT ${(["hash", "keep", "drop"] as const).map((how) => Personal.expression(how, "text")).join()}
        FROM ${values(wellFormed, "VARCHAR")} AS _(text)`
      )
      assert.deepStrictEqual(
        found,
        wellFormed.map((text) => [
          text === null ? null : createHmac("sha256", key).update(text).digest("hex"),
          text?.replace(/^\uFEFF/, "") ?? null,
          null
        ])
      )
    }))
})
