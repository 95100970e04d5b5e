import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { command } from "../support/processes/command.ts"
import { inFolder, settings } from "../support/processes/program.ts"

const wrong = { DUO_SKEY: "x".repeat(40) }

describe("check", () => {
  it.live("says everything that is wrong, and what is right, and ends with the code of the first", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      writeFileSync(`${folder}/file`, "")
      const duo = yield* serve({ users: 3 })
      const sinks = ["--sink", "csv:file/below", "--sink", "ndjson", "--sink", "parquet:file/below"]
      const { code, stderr, stdout } = yield* command(folder, ["check", ...sinks], { ...settings(duo), ...wrong })
      assert.strictEqual(code, 77)
      assert.match(
        stderr,
        /^duo-mfa: 3 things are wrong:\n- Duo refused the keys.*\n- The csv sink.*\n- The parquet sink/
      )
      assert.match(stdout, /^ok {2}ndjson .* can be written$/m)
    })))

  it.live("looks at the sinks even if a setting is missing", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { code, stderr, stdout } = yield* command(folder, ["check"])
      assert.strictEqual(code, 78)
      assert.match(stderr, /^duo-mfa: Set DUO_IKEY/)
      assert.lengthOf(stdout.match(/can be written$/gm) ?? [], 3)
    })))

  it.live("says a single thing in its own words", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 3 })
      const { code, stderr } = yield* command(folder, ["check"], { ...settings(duo), ...wrong })
      assert.strictEqual(code, 77)
      assert.match(stderr, /^duo-mfa: Duo refused the keys/)
      assert.notInclude(stderr, "things are wrong")
    })))

  it.live("warns of keys that do not have the shape of Duo's", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 3 })
      const env = { ...settings(duo), DUO_IKEY: "abc", DUO_SKEY: "short" }
      const { stderr, stdout } = yield* command(folder, ["check"], env)
      assert.include(stderr, "warn: DUO_IKEY does not look like an integration key")
      assert.include(stderr, "warn: DUO_SKEY does not have the 40 characters of a secret key.")
      assert.notInclude(stdout, "DUO_IKEY")
    })))
})
