/** The message that a webhook gets about a run. A webhook that does not answer changes nothing about the run. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { chmodSync, writeFileSync } from "node:fs"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { assertHarmless } from "../../support/harmless.ts"
import { command } from "../../support/processes/command.ts"
import { inFolder, settings, start } from "../../support/processes/program.ts"
import { hook } from "../../support/servers/webhook.ts"

const users = 60

describe("extract --notify", () => {
  it.live("posts what --json prints, but for where the rows are, and nothing about anybody", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const { posts, url } = yield* hook()
      const env = { ...settings(duo), DUO_MFA_NOTIFY: `${url}/secret?path` }
      const { code, stdout } = yield* command(folder, ["extract", "--json"], env)
      assert.strictEqual(code, 0)
      assert.strictEqual(posts.length, 1)
      const [post] = posts
      assert.deepInclude(post, { method: "POST", path: "/secret?path" })
      assert.strictEqual(post?.headers["content-type"], "application/json")
      assert.notProperty(post?.headers, "traceparent")
      const printed = JSON.parse(stdout)
      for (const sink of printed.sinks) delete sink.location
      assert.deepStrictEqual(JSON.parse(post?.body ?? ""), printed)
      assert.deepInclude(printed, { users, complete: true, exit: 0 })
      assertHarmless(duo, JSON.stringify(post))
    })))

  it.live("takes the URL from .env, and warns if others may read it there", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const { posts, url } = yield* hook()
      writeFileSync(`${folder}/.env`, `DUO_MFA_NOTIFY=${url}/secret\n`)
      chmodSync(`${folder}/.env`, 0o644)
      const { code, stderr } = yield* command(folder, ["extract", "--dry-run"], settings(duo))
      assert.deepStrictEqual([code, posts.length], [0, 1])
      assert.deepInclude(JSON.parse(posts[0]?.body ?? ""), { users, sinks: [] })
      assert.include(stderr, "warn: Others may read .env, and the secret in it: chmod 600 it.")
    })))

  it.live("takes the URL from a file, and shows none of it", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const { posts, url } = yield* hook()
      writeFileSync(`${folder}/url`, `${url}/s3cret\n`, { mode: 0o600 })
      const env = { ...settings(duo), DUO_MFA_NOTIFY_FILE: "url" }
      const { code, stderr, stdout } = yield* command(folder, ["extract", "--dry-run", "--log-level", "all"], env)
      assert.deepStrictEqual([code, posts.map(({ path }) => path)], [0, ["/s3cret"]])
      assert.notInclude(stdout + stderr, "s3cret")
      const asked = duo.requests.length
      const both = yield* command(folder, ["extract"], { ...env, DUO_MFA_NOTIFY: url })
      assert.deepStrictEqual([both.code, duo.requests.length], [78, asked])
      assert.include(both.stderr, "duo-mfa: DUO_MFA_NOTIFY and DUO_MFA_NOTIFY_FILE are both set: keep one of them.")
    })))

  it.live("posts a text where Slack is, or what takes the same", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const { posts, url } = yield* hook()
      const { code, stdout } = yield* command(folder, ["extract", "--notify", `${url}/api/slack`], settings(duo))
      assert.strictEqual(code, 0)
      const { text, ...others } = JSON.parse(posts[0]?.body ?? "")
      assert.deepStrictEqual(others, {})
      const lines = stdout.trimEnd().split("\n")
      assert.strictEqual(text, `duo-mfa extract: ${[...lines.slice(0, 2), ...lines.slice(-1)].join("\n")}`)
      assertHarmless(duo, text)
    })))

  it.live("tells that a run is not proved complete, with the exit of --strict", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users, scenario: [{ do: { fault: "total_objects", add: 1 } }] })
      const { posts, url } = yield* hook()
      const { code } = yield* command(folder, ["extract", "--strict"], { ...settings(duo), DUO_MFA_NOTIFY: url })
      assert.strictEqual(code, 3)
      assert.deepInclude(JSON.parse(posts[0]?.body ?? ""), { complete: false, exit: 3 })
    })))

  it.live("posts why a run failed", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users, permissions: [] })
      const { posts, url } = yield* hook()
      const env = { ...settings(duo), DUO_MFA_NOTIFY: url }
      const { code, stdout } = yield* command(folder, ["extract", "--json"], env)
      assert.strictEqual(code, 77)
      const { message, ...printed } = JSON.parse(stdout)
      assert.deepInclude(printed, { error: "DuoError", exit: 77, pipeline: "mfa" })
      assert.include(message, `: 40301 "Access forbidden". In the Duo Admin Panel`)
      // the code is told, and Duo's words are not
      assert.deepStrictEqual(JSON.parse(posts[0]?.body ?? ""), {
        ...printed,
        message: message.replace(/ "Access .*?"/, "")
      })
    })))

  it.live("names no folder of this machine and no database when it posts why", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const { posts, url } = yield* hook()
      writeFileSync(`${folder}/data`, "")
      const env = { ...settings(duo), DUO_MFA_NOTIFY: url }
      const { code, stderr } = yield* command(folder, ["extract"], env)
      assert.strictEqual(code, 73)
      assert.include(stderr, folder)
      assert.notInclude(posts[0]?.body, folder)
      assert.include(posts[0]?.body, "The data directory DATA cannot be used")
      yield* command(folder, ["extract", "--sink", "postgres:postgres://duo@127.0.0.1:1/x"], {
        ...env,
        DUO_MFA_DATA: "d"
      })
      assert.include(posts[1]?.body, "The postgres sink cannot reach its server: ECONNREFUSED.")
    })))

  it.live("posts that there is a defect, and nothing of what it says itself", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const { posts, url } = yield* hook()
      const env = { ...settings(duo), DUO_MFA_NOTIFY: url }
      const { code } = yield* command(folder, [
        "extract",
        "--sink",
        `${import.meta.dirname}/../../support/sinks/dying.ts`
      ], env)
      assert.strictEqual(code, 70)
      assert.deepInclude(JSON.parse(posts[0]?.body ?? ""), { error: "Defect", exit: 70 })
      assert.notInclude(posts[0]?.body, "ada.lovelace")
    })))

  const secret = "B0SECRET"

  const refused: ReadonlyArray<readonly [what: string, url: string, says: RegExp, loopback?: ""]> = [
    ["plain http", `http://hooks.example.com/${secret}`, /must be https/],
    ["this machine, unless it is allowed", `http://127.0.0.1:9/${secret}`, /DUO_INSECURE_LOOPBACK=1/, ""],
    ["a name that only looks like this machine", `http://127.0.0.1.example.com/${secret}`, /must be https/],
    ["another scheme", `file:///${secret}`, /must be https/],
    ["a user name", `https://${secret}@hooks.example.com/`, /no user name and no password/],
    ["a password", `https://:${secret}@hooks.example.com/`, /no user name and no password/],
    ["what is no URL", `hooks.example.com/${secret}`, /must be the https:\/\/ URL of a webhook/]
  ]
  for (const [what, url, says, loopback = "1"] of refused) {
    it.live(`refuses ${what} before anything is asked, and does not print it`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const duo = yield* serve({ users })
        const env = { ...settings(duo), DUO_INSECURE_LOOPBACK: loopback }
        const flag = yield* command(folder, ["extract", "--notify", url], env)
        const variable = yield* command(folder, ["extract"], { ...env, DUO_MFA_NOTIFY: url })
        assert.deepStrictEqual([flag.code, variable.code], [64, 78])
        for (const { stderr, stdout } of [flag, variable]) {
          assert.match(stderr, says)
          assert.notInclude(stdout + stderr, secret)
        }
        assert.strictEqual(duo.requests.length, 0)
      })))
  }

  it.live("follows no redirect, warns with the host alone, and the run is what it is", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const other = yield* hook()
      const { host, posts, url } = yield* hook((response) => response.writeHead(307, { location: other.url }).end())
      const env = { ...settings(duo), DUO_MFA_NOTIFY: `${url}/${secret}` }
      const { code, stderr, stdout } = yield* command(folder, ["extract", "--json", "--log-level", "all"], env)
      assert.strictEqual(code, 0)
      assert.strictEqual(JSON.parse(stdout).exit, 0)
      assert.include(stderr, `warn: The webhook at ${host} was not told: HTTP 307, and redirects are not followed.`)
      assert.notInclude(stdout + stderr, secret)
      assert.deepStrictEqual([posts.length, other.posts.length], [1, 0])
    })))

  it.live("warns of a webhook where nobody listens, and the exit is the run's", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users, permissions: [] })
      const { url } = yield* Effect.scoped(hook())
      const env = { ...settings(duo), DUO_MFA_NOTIFY: url }
      const { code, stderr } = yield* command(folder, ["extract"], env)
      assert.strictEqual(code, 77)
      assert.match(stderr, /warn: The webhook at \S+ was not told: ECONNREFUSED\./)
    })))

  it.live("is not waited for by somebody who stops it: the run is published, and the exit says so", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const { told, url } = yield* hook(() => undefined)
      const { child, ended } = start(folder, ["extract"], { ...settings(duo), DUO_MFA_NOTIFY: url })
      yield* told
      child.kill("SIGTERM")
      const { code, stderr } = yield* Effect.promise(() => ended)
      assert.strictEqual(code, 0)
      assert.notInclude(stderr, "no answer")
    })))
})
