/** A run into a bucket is killed before and after every one of its requests. The next run recovers it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync } from "node:fs"
import { basename } from "node:path"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { inFolder, program, settings, start } from "../../support/processes/program.ts"
import { counting } from "../../support/servers/counting-proxy.ts"
import { credentials, keysIn, locationOf, uploadsIn } from "../../support/servers/moto-server.ts"
import { hasServer, serverOfFile } from "./s3-sink.ts"

const at = serverOfFile()

/** The tables of the pipeline `admins`. */
const tables = ["admin_methods", "admins"]

/** The runs that readers see below a prefix. Fails if one of them lacks a table. */
const runsIn = (keys: ReadonlyArray<string>) => {
  const of = (table: string) =>
    keys.filter((key) => key.includes(`/${table}/`)).map((key) => basename(key, ".parquet")).toSorted()
  const runs = of("runs")
  for (const table of tables) assert.includeMembers(of(table), runs, "a run without all of its tables is seen")
  return { runs, all: [...new Set(tables.flatMap(of))].toSorted() }
}

describe.skipIf(!hasServer)("with an S3 server", () => {
  it.live(
    "a run that is killed before or after any request is published as a whole or not at all",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const duo = yield* serve({ users: 1 })
        const keys = (prefix: string) => Effect.promise(() => keysIn(at().client, prefix))
        const reached = { finished: 0, discarded: 0 }
        const whole = yield* counting(at().url, () => Promise.resolve(true))
        const counted = yield* program(
          folder,
          ["extract", "admins", "--sink", `s3:${locationOf(whole.url, "whole")}`],
          {
            ...settings(duo),
            ...credentials
          }
        )
        assert.strictEqual(counted.code, 0, counted.stderr)
        const requests = whole.seen.length
        for (let number = 1; number <= requests; number++) {
          for (const when of ["before", "after"] as const) {
            const prefix = `killed/${number}-${when}`
            let kill = () => false
            const proxy = yield* counting(at().url, (n, at) => Promise.resolve(n !== number || at !== when || kill()))
            const target = `s3:${locationOf(proxy.url, prefix)}`
            const env = { ...settings(duo), ...credentials, DUO_MFA_DATA: `${folder}/${number}-${when}` }
            const args = ["extract", "admins", "--sink", target]
            const killed = start(folder, args, env)
            kill = () => !killed.child.kill("SIGKILL")
            assert.isNull((yield* Effect.promise(() => killed.ended)).code)
            runsIn(yield* keys(prefix))
            const [sealed] = globSync(`${number}-${when}/runs/*.sealed`, { cwd: folder })
            const run_id = basename(globSync(`${number}-${when}/runs/*.json.*`, { cwd: folder })[0] ?? "").split(".")[0]

            kill = () => true
            const { code, stderr } = yield* program(folder, args, env)
            assert.strictEqual(code, 0, `${prefix}: ${stderr}`)
            const { all, runs } = runsIn(yield* keys(prefix))
            assert.deepStrictEqual(all, runs, `${prefix}: a table of a run that is not published is left`)
            assert.strictEqual(runs.length, sealed === undefined ? 1 : 2, prefix)
            if (sealed !== undefined) assert.include(runs, run_id)
            assert.deepStrictEqual(yield* Effect.promise(() => uploadsIn(at().client, prefix)), [], prefix)
            const verified = yield* program(folder, ["verify", "--all", "--sink", target], env)
            assert.strictEqual(verified.code, 0, `${prefix}: ${verified.stderr}`)
            reached[sealed === undefined ? "discarded" : "finished"]++
          }
        }
        assert.isAtLeast(requests, 13)
        assert.isAtLeast(reached.discarded, 16)
        assert.isAtLeast(reached.finished, 6)
      })),
    300_000
  )
})
