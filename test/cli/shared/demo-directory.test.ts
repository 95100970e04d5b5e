import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { command } from "../../support/processes/command.ts"
import { inFolder, settings } from "../../support/processes/program.ts"

const note = "There is no Duo setting and no ledger in data, so this is the demo in data/demo.\n"
const count = ["sql", "SELECT count(*) AS users FROM users"]

/** A folder with a demo of seven users, and the settings of a tenant of three. */
const withDemo = (test: (folder: string, env: Readonly<Record<string, string>>) => Effect.Effect<void>) =>
  inFolder((folder) =>
    Effect.gen(function*() {
      const env = settings(yield* serve({ users: 7 }))
      const made = yield* command(folder, ["extract"], { ...env, DUO_MFA_DATA: "data/demo" })
      assert.strictEqual(made.code, 0, made.stderr)
      yield* test(folder, settings(yield* serve({ users: 3 })))
    })
  )

describe("the demo's data directory", () => {
  it.live("is read, with a note, when there is no setting and no ledger", () =>
    withDemo(Effect.fnUntraced(function*(folder) {
      assert.deepStrictEqual(yield* command(folder, count), { code: 0, stdout: "users\r\n7\r\n", stderr: note })
      for (const args of [["report"], ["verify"], ["rebuild"], ["policy", "bypass-is-short"]]) {
        const { code, stderr } = yield* command(folder, args)
        assert.include([0, 5], code, args[0])
        assert.isTrue(stderr.startsWith(note), stderr)
      }
    })))

  it.live("is not read when there is a setting, in the environment or in .env", () =>
    withDemo(Effect.fnUntraced(function*(folder) {
      for (const name of ["DUO_HOST", "DUO_IKEY", "DUO_SKEY", "DUO_SKEY_FILE", "DUO_MFA_DATA"]) {
        assert.strictEqual((yield* command(folder, count, { [name]: "x" })).code, 78, name)
      }
      writeFileSync(`${folder}/.env`, "DUO_HOST=api-12345678.duosecurity.com\n", { mode: 0o600 })
      assert.strictEqual((yield* command(folder, count)).code, 78)
    })))

  it.live("is not read when there is a ledger in data", () =>
    withDemo(Effect.fnUntraced(function*(folder, env) {
      assert.strictEqual((yield* command(folder, ["extract"], env)).code, 0)
      assert.deepStrictEqual(yield* command(folder, count), { code: 0, stdout: "users\r\n3\r\n", stderr: "" })
    })))

  it.live("is never written by extract", () =>
    withDemo(Effect.fnUntraced(function*(folder) {
      assert.strictEqual((yield* command(folder, ["extract"])).code, 78)
    })))
})
