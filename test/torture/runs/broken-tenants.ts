/** T2: two of many tenants cannot be read: one has a wrong key, and the host of the other does not answer. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { writeFileSync } from "node:fs"
import type { Scenario } from "../../../src/emulator/faults/Scenario.ts"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { bundle } from "../../support/processes/bundle.ts"
import { start } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"
import type { Case, Plan } from "../Case.ts"

const users = 3

const silence: Scenario = [{ when: {}, do: { fault: "silence" } }]

const round = Effect.fnUntraced(function*({ n: count, seed }: Plan) {
  const { compiled, entry } = yield* bundle
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-torture-" })
  const names = Array.from({ length: count }, (_, index) => `Example Customer ${index + 1}`)
  const dice = new Dice(seed)
  const wrong = dice.below(count)
  const down = (wrong + 1 + dice.below(count - 1)) % count
  // in every second seed, the host accepts connections and says nothing; in the others, it accepts none
  const isSilent = seed % 2 === 0
  const lines = yield* Effect.forEach(
    names,
    Effect.fnUntraced(function*(name, index) {
      const { host, ikey, skey } = yield* serve({
        people: "hostile",
        users,
        seed: index + 1,
        ...index === down ? { scenario: silence } : {}
      })
      writeFileSync(`${folder}/${index}.key`, index === wrong ? `wrong${skey.slice(5)}` : skey, { mode: 0o600 })
      return JSON.stringify({
        name,
        host: index === down && !isSilent ? "127.0.0.1:9" : host,
        ikey,
        skey_file: `${index}.key`
      })
    })
  )
  writeFileSync(`${folder}/tenants.ndjson`, lines.join("\n"))
  const { code, stderr, stdout } = yield* Effect.promise(() =>
    start(
      folder,
      ["extract", "--tenants", "tenants.ndjson", "--json", "--sink", "duckdb", "--sink", "parquet"],
      { NODE_COMPILE_CACHE: compiled, DUO_INSECURE_LOOPBACK: "1" },
      ["--disable-warning=ExperimentalWarning", entry]
    ).ended
  )
  assert.strictEqual(code, 6, stderr)
  assert.include(stderr, `2 of ${count} tenants failed: `)
  const { exit, failed, published, tenants } = JSON.parse(stdout)
  assert.deepStrictEqual({ exit, failed, published }, { exit: 6, failed: 2, published: count - 2 })
  assert.match(tenants[wrong].message, /^Duo refused the keys/)
  assert.match(tenants[down].message, /^Duo cannot be reached|^Duo did not answer/)
  const others = names.filter((_, index) => index !== wrong && index !== down).toSorted()
  for (const source of ["users", `'${folder}/data/parquet/users/*/*.parquet'`]) {
    const rows = yield* readers.query(
      `${folder}/data/duo.duckdb`,
      `SELECT tenant, count(*)::INTEGER AS n FROM ${source} GROUP BY tenant ORDER BY tenant`
    )
    assert.deepStrictEqual(rows, others.map((tenant) => ({ tenant, n: users })))
  }
  return { "a wrong key": 1, [isSilent ? "a host that says nothing" : "a host that refuses connections"]: 1 }
}, Effect.scoped)

export const cases: ReadonlyArray<Case> = [{
  id: "T2",
  fault: "of N tenants, one has a wrong key, and the host of another does not answer",
  expected: "all others are published, and the exit code and a sentence for each of the two say so",
  n: { test: 10, torture: 200 },
  run: (plan) => round(plan).pipe(Effect.provide(NodeServices.layer))
}]
