/** The sentences of `extract --tenants` about a tenant that cannot be read, and about a round that is stopped. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { command } from "../../support/processes/command.ts"
import { inFolder, start } from "../../support/processes/program.ts"
import { extract, loopback, some, write } from "./listed.ts"

describe("extract --tenants", () => {
  it.live(
    "names the fields of the list when it says what is wrong with a tenant",
    () =>
      inFolder((folder) =>
        Effect.gen(function*() {
          const { entries, emulators: [duo] } = yield* some(folder, { one: {} })
          const [one = { name: "", host: "", ikey: "", skey_file: "" }] = entries
          writeFileSync(`${folder}/swapped.key`, one.ikey, { mode: 0o600 })
          write(folder, [
            { ...one, name: "unknown", ikey: "DIWRONGWRONGWRONGWRO" },
            { ...one, name: "down", host: "127.0.0.1:9" },
            { ...one, name: "swapped", host: "127.0.0.1:10", skey_file: "swapped.key" },
            { ...one, name: "keyless", host: "127.0.0.1:11", skey_file: "none" },
            { name: "child", host: "127.0.0.1:12", account_id: "child" }
          ])
          const { code, stderr, stdout } = yield* command(folder, ["extract", "--tenants", "tenants.ndjson"], {
            ...loopback,
            DUO_IKEY: duo?.ikey ?? "",
            DUO_SKEY: duo?.skey ?? ""
          })
          assert.strictEqual(code, 6, stderr)
          for (
            const sentence of [
              /^unknown {2}.* The host does not know this integration key: check that its ikey and its host are of/m,
              /^down {5}.* Check the network, its host and HTTPS_PROXY/m,
              /^swapped {2}.* Its ikey and the key of its skey_file look swapped/m,
              /^keyless {2}failed: Its skey_file names a file that does not exist: put the secret key in it\.$/m,
              /^child {4}failed: Its account_id is not the id of an account/m
            ]
          ) assert.match(stdout, sentence)
          assert.notMatch(stdout + stderr, /DUO_/)
        })
      ),
    60_000
  )

  it.live(
    "when it is stopped, says that what was read is kept, and the next one publishes it",
    () =>
      inFolder((folder) =>
        Effect.gen(function*() {
          const { emulators: [_, slow] } = yield* some(folder, { fast: {}, slow: { latency: 60_000 } })
          const args = [
            "extract",
            "--tenants",
            "tenants.ndjson",
            "--at-once",
            "1",
            "--page-size",
            "5",
            "--sink",
            "ndjson"
          ]
          const { child, ended } = start(folder, args, loopback)
          yield* Effect.promise(async () => {
            while ((slow?.requests.length ?? 0) < 2) await new Promise((resolve) => setImmediate(resolve))
          })
          child.kill("SIGINT")
          const { code, stderr } = yield* Effect.promise(() => ended)
          assert.strictEqual(code, 130)
          assert.include(
            stderr,
            "Stopped; nothing of this round was published yet. 1 of 2 tenants are read and kept, and the next extract publishes"
          )
          yield* some(folder, { other: {} })
          const next = yield* extract(folder, "--sink", "ndjson")
          assert.include(next.stdout, "Published first, because an earlier round had read them: fast")
        })
      ),
    60_000
  )
})
