/** The lines that init writes to .env. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as DotEnv from "../../../src/cli/init/DotEnv.ts"

/** Of what .env makes something of. */
const odd = Schema.Array(Schema.Literals(["'", "\"", "`", "#", "\\", "n", " ", "$", "=", "a", "é", "{"])).pipe(
  Schema.check(Schema.isMinLength(1))
)

const lines = Schema.Array(Schema.Literals([
  "# DUO_SKEY=no",
  "",
  "OTHER='a # b'",
  "export DUO_SKEY = before",
  "DUO_SKEY=\"again\" # and again",
  "DUO_SKEY_FILE=/run/secrets/skey",
  "  TOKEN: it's",
  "EMPTY="
]))

describe("what is written to .env", () => {
  it.effect.prop(
    "is read as it was meant, or is not written; all other lines stay",
    [odd, lines],
    ([parts, lines]) =>
      Effect.gen(function*() {
        const value = parts.join("").trim() || "a"
        const before = lines.join("\n")
        const after = yield* Effect.option(DotEnv.change(before, { DUO_SKEY: value, DUO_SKEY_FILE: undefined }))
        if (after._tag === "None") {
          assert.isTrue(["'", "\"", "`", "#", "\\"].some((character) => value.includes(character)), value)
          return
        }
        assert.strictEqual(yield* DotEnv.valueOf(after.value, "DUO_SKEY"), value)
        assert.isUndefined(yield* DotEnv.valueOf(after.value, "DUO_SKEY_FILE"))
        const others = (text: string) =>
          text.split("\n").filter((line) => !/^(export )?DUO_SKEY/.test(line) && line !== "")
        assert.deepStrictEqual(others(after.value), others(before))
      })
  )
})
