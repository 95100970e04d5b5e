/** The targets of the sink for PostgreSQL: which are refused, what completes them, and what is never shown. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { globSync } from "node:fs"
import * as DatabaseTarget from "../../sinks/postgres/DatabaseTarget.ts"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { command } from "../support/processes/command.ts"
import { inFolder, settings } from "../support/processes/program.ts"
import { secret } from "../support/servers/postgres-server.ts"

describe("a target", () => {
  const refused = Effect.fnUntraced(function*(target: string, environment: Record<string, string> = {}) {
    return yield* inFolder((folder) =>
      Effect.gen(function*() {
        const duo = yield* serve({ users: 1 })
        const ended = yield* command(folder, ["extract", "--json", "--sink", target], {
          ...settings(duo),
          ...environment
        })
        assert.deepStrictEqual(globSync("**/*", { cwd: folder }), [], "nothing is begun")
        return ended
      })
    )
  })

  it.live("with a password in it is refused before anything is written, and the password is not shown", () =>
    Effect.gen(function*() {
      for (
        const target of ["postgres://duo:s3cret@db.example.com/x", "//duo:s3cret@h/x", "postgres:///x?password=s3cret"]
      ) {
        const { code, stderr, stdout } = yield* refused(`postgres:${target}`)
        assert.strictEqual(code, 64)
        assert.include(stderr, "the password in PGPASSWORD or a file, PGPASSFILE")
        assert.notInclude(stdout + stderr, "s3cret")
      }
    }))

  it.live("that is invalid is an error of usage, and an invalid setting is named", () =>
    Effect.gen(function*() {
      const bad = ["mysql://h/x", "db", "postgres://h:0/x", "postgres:///x?sslmode=prefer", "postgres:///x?sslcert=a"]
      for (const target of [...bad, "postgres:///x?schema=pg_mine", `postgres:///x?schema=${"s".repeat(59)}`]) {
        assert.strictEqual((yield* refused(`postgres:${target}`)).code, 64, target)
      }
      for (const [name, value] of [["PGSSLMODE", "prefer"], ["PGPORT", "many"]] as const) {
        const { code, stderr } = yield* refused("postgres", { [name]: value })
        assert.strictEqual(code, 78)
        assert.include(stderr, `${name} has`)
      }
    }))

  it.effect("is completed from the environment; a remote one is encrypted by default", () =>
    Effect.gen(function*() {
      const located = (target: string, env: Record<string, string> = {}) =>
        Effect.map(DatabaseTarget.parse(target), DatabaseTarget.format).pipe(
          Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { PGUSER: "u", ...env } })))
        )
      const known = [
        ["postgres://db.example.com", {}, "postgres://u@db.example.com:5432/u?schema=duo_mfa"],
        ["", { PGHOST: "10.0.0.1", PGPORT: "6", PGDATABASE: "d e" }, "postgres://u@10.0.0.1:6/d%20e?schema=duo_mfa"],
        ["//a%40b@[2001:db8::1]:7/x?schema=s", {}, "postgres://a%40b@[2001:db8::1]:7/x?schema=s"],
        ["postgresql:///x?host=/run/pg&user=o", {}, "postgres:///x?host=/run/pg&port=5432&user=o&schema=duo_mfa"]
      ] as const
      for (const [target, env, location] of known) {
        assert.strictEqual(yield* located(target, env), location)
        const later = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { PGHOST: "other", PGSSLMODE: "disable" } }))
        assert.strictEqual(
          DatabaseTarget.format(yield* DatabaseTarget.read(location).pipe(Effect.provide(later))),
          location
        )
      }
      const modeOf = (target: string, env: Record<string, string> = {}) =>
        Effect.map(DatabaseTarget.parse(target), ({ sslmode }) => sslmode).pipe(
          Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
        )
      for (const host of ["db.example.com", "10.0.0.1", "127.example.com", "localhost.example.com", "[2001:db8::1]"]) {
        assert.strictEqual(yield* modeOf(`postgres://u@${host}/x`), "verify-full", host)
        assert.strictEqual(yield* modeOf(`postgres://u@${host}/x`, { PGSSLMODE: "require" }), "require")
        assert.strictEqual(yield* modeOf(`postgres://u@${host}/x?sslmode=disable`, { PGSSLMODE: "require" }), "disable")
      }
      for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
        assert.strictEqual(yield* modeOf(`postgres://u@${host}/x`), "disable", host)
      }
    }))

  it.live("where no server answers ends with 69, and the error has the location and nothing secret", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 1 })
      const env = { ...settings(duo), PGHOST: "127.0.0.1", PGPORT: "1", PGUSER: "duo", PGPASSWORD: secret }
      const { code, stderr } = yield* command(folder, ["extract", "--sink", "postgres"], env)
      assert.strictEqual(code, 69, stderr)
      assert.include(
        stderr,
        "The postgres sink cannot reach postgres://duo@127.0.0.1:1/duo?schema=duo_mfa: ECONNREFUSED."
      )
      assert.strictEqual(duo.requests.length, 0)
      assert.deepStrictEqual(globSync("data/runs/*", { cwd: folder }), [], "and nothing is left to discard there")
    })))
})
