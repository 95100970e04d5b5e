/** A webhook is told which policies are not kept, and nothing about anybody. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { command, extract } from "../support/processes/command.ts"
import { inFolder } from "../support/processes/program.ts"
import { hook } from "../support/servers/webhook.ts"

const loopback = { DUO_MFA_DATA: "data", DUO_INSECURE_LOOPBACK: "1" }

/** Policies of which two are not kept. Each has a sentence that the webhook must not get. */
const policies = {
  few: "-- Somebody's sentence.\n-- At most 3\nFROM users",
  many: "-- Somebody's sentence.\n-- At most 30\nFROM users",
  "un told": "-- Somebody's sentence.\n-- At most 0\nSELECT somebody FROM users"
}

const names = Object.keys(policies)

describe("policy --notify", () => {
  it.live("posts the names and numbers of the policies that are not kept, and nothing that somebody wrote in them", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* extract(folder, { users: 20 }, ["--sink", "duckdb"])
      mkdirSync(`${folder}/data/policies`)
      for (const [name, sql] of Object.entries(policies)) writeFileSync(`${folder}/data/policies/${name}.sql`, sql)
      const { posts, url } = yield* hook()
      const env = { ...loopback, DUO_MFA_NOTIFY: `${url}/s3cret` }

      const { code, stderr, stdout } = yield* command(folder, ["policy", ...names], env)
      assert.strictEqual(code, 5, stderr)
      assert.notInclude(stdout + stderr, "s3cret")
      assert.deepStrictEqual(posts.map(({ body, path }) => [path, JSON.parse(body)]), [["/s3cret", {
        policies: [
          { policy: "few", verdict: "broken", found: 20, at_most: 3 },
          { policy: "un told", verdict: "cannot be told", found: null, at_most: 0 }
        ],
        kept: 1,
        exit: 5
      }]])

      const slack = yield* command(folder, ["policy", "--notify", `${url}/slack`, ...names], loopback)
      assert.strictEqual(slack.code, 5, slack.stderr)
      assert.deepStrictEqual(JSON.parse(posts[1]?.body ?? ""), {
        text: "duo-mfa policy: policies kept: 1 of 3\nbroken: few, 20 found, at most 3\ncannot be told: un told"
      })

      assert.strictEqual((yield* command(folder, ["policy", "many"], env)).code, 0)
      assert.lengthOf(posts, 2, "nothing is posted if all are kept")
    })))

  it.live("posts why nothing could be checked", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { posts, url } = yield* hook()
      const { code } = yield* command(folder, ["policy"], { ...loopback, DUO_MFA_NOTIFY: url })
      assert.strictEqual(code, 78)
      assert.deepStrictEqual(posts.map(({ body }) => JSON.parse(body)), [
        { error: "NoLedger", message: "The log of the run says why.", exit: 78 }
      ])
    })))

  it.live("refuses a URL that is not https", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { code, stderr } = yield* command(folder, ["policy", "--notify", "http://example.com/s3cret"], loopback)
      assert.strictEqual(code, 64)
      assert.match(stderr, /^duo-mfa: --notify must be https/)
    })))
})
