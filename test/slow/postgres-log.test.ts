/** The authentication log in a PostgreSQL: each entry once, however often its day is read, and none when it is old. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as LoginLog from "../../src/emulator/log/LoginLog.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { command } from "../support/processes/command.ts"
import { inFolder, settings } from "../support/processes/program.ts"
import { locationOf, query, secret } from "../support/servers/postgres-server.ts"
import { hasServer, serverOfFile } from "./postgres-sink.ts"

const at = serverOfFile()

const day = 86_400_000

describe.skipIf(!hasServer)("a log in a PostgreSQL", () => {
  it.live("has every entry once, is verified, and loses only what is old", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const today = Math.floor(Date.now() / day)
      const log = LoginLog.make({
        people: "hostile",
        seed: 3,
        users: LoginLog.usersOf(Tenant.make({ people: "hostile", users: 20 })),
        perDay: (on) => on < today - 8 && on >= today - 12 ? 300 : 0,
        latePercent: 0
      })
      const duo = yield* serve({ people: "hostile", users: 0, log })
      const target = `postgres:${locationOf(at(), { schema: "logs" })}`
      const run = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
        const ended = yield* command(folder, [...args, "--sink", target], { ...settings(duo), PGPASSWORD: secret })
        assert.strictEqual(ended.code, 0, ended.stderr)
        return ended
      })
      const date = (daysAgo: number) => new Date((today - daysAgo) * day).toISOString().slice(0, 10)
      const read = (from: number, to: number) => run("extract", "auth", "--from", date(from), "--to", date(to))
      const there = () =>
        query(
          at(),
          `SELECT txid || ' ' || (extract(epoch FROM occurred_at) * 1000000)::bigint AS key FROM logs.authentications
           ORDER BY occurred_at, txid`
        ).map(({ key }) => key)

      yield* read(10, 9)
      yield* read(12, 10)
      yield* read(11, 8)
      assert.lengthOf(there(), 1200)
      assert.strictEqual(new Set(there()).size, 1200)
      assert.match((yield* run("verify")).stdout, /authentications .*same$/m)

      yield* run("prune", "--older-than", "10d")
      assert.lengthOf(there(), 600)
      assert.include((yield* run("verify", "--all")).stdout, "no longer kept")
    })))
})
