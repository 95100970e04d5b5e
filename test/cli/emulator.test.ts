/** `duo-mfa emulator` prints what the other commands need: the settings of a tenant, or those of a parent's children. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync, readFileSync } from "node:fs"
import { command } from "../support/processes/command.ts"
import { inFolder, settings, start } from "../support/processes/program.ts"

interface Printed {
  readonly host: string
  readonly ikey: string
  readonly skey: string
  readonly children?: ReadonlyArray<{ readonly account_id: string; readonly name: string; readonly host: string }>
}

/** Starts the emulator, and reads the line that it prints. */
const emulator = (folder: string, args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const { child, ended } = start(folder, ["emulator", ...args])
      const line = await new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))))
      const printed: Printed = JSON.parse(line)
      return { child, ended, printed }
    }),
    ({ child, ended }) => Effect.promise(() => (child.kill("SIGTERM"), ended))
  )

describe("duo-mfa emulator", () => {
  it.live("--children prints a parent and its children, which the keys of the parent read", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { printed: parent } = yield* emulator(folder, ["--children", "3", "--users", "12"])
      const { children = [] } = parent
      assert.deepStrictEqual(children.map(({ name }) => name), [1, 2, 3].map((n) => `Example Customer ${n}`))
      const [first, second] = children
      if (first === undefined || second === undefined) return assert.fail()
      const extract = (account_id: string, host: string) =>
        command(folder, ["extract", "--json"], { ...settings({ ...parent, host }), DUO_ACCOUNT_ID: account_id })
      for (const { account_id, host } of [first, second]) {
        const ended = yield* extract(account_id, host)
        assert.strictEqual(ended.code, 0, ended.stderr)
        assert.deepInclude(JSON.parse(ended.stdout), { tenant: host, complete: true })
      }
      const { code, stderr } = yield* extract(first.account_id, second.host)
      assert.strictEqual(code, 77)
      assert.include(stderr, "40301")
      const alone = yield* command(folder, ["check"], settings({ ...parent, host: first.host }))
      assert.include(alone.stderr, "40001")
    })))

  it.live("without children prints the settings of a tenant, and no port above 65535 is asked for", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { printed } = yield* emulator(folder, ["--users", "2"])
      assert.deepStrictEqual(Object.keys(printed), ["host", "ikey", "skey"])
      assert.strictEqual((yield* command(folder, ["check"], settings(printed))).code, 0)
      const refused = yield* command(folder, ["emulator", "--children", "9", "--port", "65530"])
      assert.strictEqual(refused.code, 64)
      assert.include(refused.stderr, "127.0.0.1:65536: a port is at most 65535")
    })))

  it.live("--seed takes a number, or torture for hostile people; another word is refused", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const odd = Effect.fnUntraced(function*(seed: string) {
        const { printed } = yield* emulator(folder, ["--users", "60", "--seed", seed])
        const args = ["extract", "--sink", `ndjson:${seed}?compression=none`]
        const { code, stderr } = yield* command(folder, args, settings(printed))
        assert.strictEqual(code, 0, stderr)
        const [file = ""] = globSync(`${folder}/${seed}/users/*.ndjson`)
        const users = readFileSync(file, "utf8").trimEnd().split("\n")
        assert.lengthOf(users, 60)
        return users.filter((user) => /CORP|example\.org|[^ -\u024f\u1e00-\u1eff]/.test(user)).length
      })
      assert.strictEqual(yield* odd("7"), 0)
      assert.isAbove(yield* odd("torture"), 10)
      const refused = yield* command(folder, ["emulator", "--seed", "gentle"])
      assert.strictEqual(refused.code, 64)
      assert.include(refused.stderr, "Expected a whole number or the word torture")
    })))
})
