/** What a health check hears of a run: a success at its URL, a failure below it, and nothing about anybody. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { serve } from "../../../../src/emulator/server/Emulator.ts"
import { command } from "../../../support/processes/command.ts"
import { inFolder, settings, start } from "../../../support/processes/program.ts"
import { neverDone, untilItWaits } from "../../../support/processes/waiting.ts"
import { hook, type Post } from "../../../support/servers/webhook.ts"
import { extract, loopback, some, write } from "../listed.ts"

const users = 20
const progress = "20 of 20 users, 1 page\n"

const pinged = (posts: ReadonlyArray<Post>) => posts.map(({ body, method, path }) => [method, path, body])

describe("extract --ping", () => {
  it.live("gets the URL after a success, and posts below it after a failure", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const denied = yield* serve({ users, permissions: [] })
      const { posts, url } = yield* hook()
      writeFileSync(`${folder}/url`, `${url}/key/duo/?create=1\n`, { mode: 0o600 })
      const well = yield* command(folder, ["extract"], { ...settings(duo), DUO_MFA_PING_FILE: "url" })
      assert.deepStrictEqual([well.code, well.stderr], [0, progress])
      const refused = yield* command(folder, ["extract"], { ...settings(denied), DUO_MFA_PING: `${url}/s3cret` })
      assert.strictEqual(refused.code, 77)
      assert.notInclude(refused.stdout + refused.stderr, "s3cret")
      const flag = ["extract", "--strict", "--ping", `${url}/key/duo?create=1`]
      const both = yield* command(folder, flag, { ...settings(denied), DUO_MFA_NOTIFY: "http://example.com" })
      assert.strictEqual(both.code, 78)
      assert.deepStrictEqual(pinged(posts), [
        ["GET", "/key/duo/?create=1", ""],
        ["POST", "/s3cret/fail", "exit 77, DuoError"],
        ["POST", "/key/duo/fail?create=1", "exit 78, BadUrl"]
      ])
      assert.match(String(posts[1]?.headers["content-type"]), /^text\/plain/)
      assert.match(String(posts[1]?.headers["user-agent"]), /^duo-mfa\//)
      assert.notProperty(posts[0]?.headers, "traceparent")
    })))

  it.live("tells of what followed the run, and of tenants that failed", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { entries } = yield* some(folder, { one: {}, denied: { permissions: [] } })
      write(folder, entries.slice(0, 1))
      const { posts, url } = yield* hook()
      mkdirSync(`${folder}/data/policies`, { recursive: true, mode: 0o700 })
      writeFileSync(`${folder}/data/policies/broken.sql`, "-- None.\n-- At most 0\nFROM users")
      assert.strictEqual((yield* extract(folder, "--ping", url, "--then", "policy")).code, 5)
      write(folder, entries)
      assert.strictEqual((yield* extract(folder, "--ping", url)).code, 6)
      assert.deepStrictEqual(pinged(posts), [
        ["POST", "/fail", "exit 5, NotKept"],
        ["POST", "/fail", "exit 6, SomeTenantsFailed"]
      ])
    })))

  it.live("hears nothing of a dry run", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const { posts, url } = yield* hook()
      assert.strictEqual((yield* command(folder, ["extract", "--dry-run", "--ping", url], settings(duo))).code, 0)
      assert.isEmpty(posts)
    })))

  it.live("hears of a run that is stopped, which does not wait long for an answer", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 120, ...neverDone })
      const { posts, url } = yield* hook(() => undefined)
      const env = { ...settings(duo), DUO_MFA_PING: url }
      const { child, ended } = start(folder, ["extract", "--page-size", "20"], env)
      yield* untilItWaits(duo)
      child.kill("SIGTERM")
      const { code, stderr } = yield* Effect.promise(() => ended)
      assert.deepStrictEqual([code, pinged(posts)], [143, [["POST", "/fail", "exit 143"]]])
      assert.match(stderr, /warn: The health check at \S+ was not told: no answer in 3 seconds\./)
    })))

  it.live("changes nothing about the run if nobody answers, and is not waited for by somebody who stops it", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const { url: closed } = yield* Effect.scoped(hook())
      const nobody = yield* command(folder, ["extract", "--json", "--ping", closed], settings(duo))
      assert.deepStrictEqual([nobody.code, JSON.parse(nobody.stdout).exit], [0, 0])
      assert.match(nobody.stderr, /\nwarn: The health check at \S+ was not told: ECONNREFUSED\.\n$/)
      const { told, url } = yield* hook(() => undefined)
      const { child, ended } = start(folder, ["extract", "--ping", url], settings(duo))
      yield* told
      child.kill("SIGTERM")
      const { code, stderr } = yield* Effect.promise(() => ended)
      assert.deepStrictEqual([code, stderr], [0, progress])
    })))

  it.live("refuses a URL that is not https before anything is asked, and does not print it", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const url = "http://example.com/s3cret"
      const flag = yield* command(folder, ["extract", "--ping", url], settings(duo))
      const setting = yield* command(folder, ["extract"], { ...settings(duo), ...loopback, DUO_MFA_PING: url })
      assert.deepStrictEqual([flag.code, setting.code], [64, 78])
      for (const { stderr, stdout } of [flag, setting]) {
        assert.match(stderr, /^duo-mfa: (--ping|DUO_MFA_PING) must be https/)
        assert.notInclude(stdout + stderr, "s3cret")
      }
      assert.isEmpty(duo.requests)
    })))
})
