/** A round reads each tenant by itself and publishes all of them together. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Deferred, Effect, Fiber, FileSystem, Result, Runtime } from "effect"
import { TestClock } from "effect/testing"
import { globSync } from "node:fs"
import { InputOutput, Superseded } from "../../../src/failure/SinkError.ts"
import * as Manifest from "../../../src/run/publish/Manifest.ts"
import * as Run from "../../../src/run/Run.ts"
import * as readers from "../../support/readers.ts"
import { failure, inTemporary, people, spy } from "../spy-sink.ts"
import { failures, hostOf, optionsOf, pipelineOf, round } from "./ground.ts"

/** Who is in the ledger now, by tenant. */
const now = (directory: string) =>
  Effect.map(
    readers.query(
      `${directory}/duo.duckdb`,
      "SELECT tenant, list(user_id ORDER BY user_id)::VARCHAR AS who FROM people GROUP BY tenant ORDER BY tenant"
    ),
    (rows) => Object.fromEntries(rows.map(({ tenant, who }) => [String(tenant), String(who)]))
  )

const many = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `u${from + index}`)

describe("a round", () => {
  it.effect("publishes every tenant with its own rows, in one file per table, sorted by tenant", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const result = yield* round(directory, { zoe: ["a", "b"], anna: ["c"], nobody: [] })
      assert.deepStrictEqual(failures(result), { zoe: undefined, anna: undefined, nobody: undefined })
      assert.deepStrictEqual(yield* now(directory), { anna: "[c]", zoe: "[a, b]" })
      const files = globSync(`${directory}/{parquet,ndjson}/people/**/*.{parquet,zst}`)
      assert.lengthOf(files, 2)
      assert.lengthOf(globSync(`${directory}/runs/*`), 1)
      const file = files.find((name) => name.endsWith(".parquet")) ?? ""
      const { rows } = yield* readers.parquetFile(file, people.columns)
      assert.deepStrictEqual(rows.map(({ tenant, user_id }) => [tenant, user_id]), [
        ["anna", "c"],
        ["zoe", "a"],
        ["zoe", "b"]
      ])
    })))

  it.effect("is not stopped by a tenant that fails, and retires nothing of that tenant", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      yield* round(directory, { anna: ["a"], zoe: ["b"] })
      const result = yield* round(directory, { anna: failure, zoe: ["b", "c"] })
      assert.deepStrictEqual(failures(result), { anna: "SinkError", zoe: undefined })
      assert.deepStrictEqual(yield* now(directory), { anna: "[a]", zoe: "[b, c]" })
    })))

  it.effect("gives up a tenant that is not read within an hour, and publishes the others", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const hasBegun = yield* Deferred.make<void>()
      const endless = Effect.andThen(Deferred.succeed(hasBegun, undefined), Effect.never)
      const fiber = yield* Effect.forkChild(round(directory, { zoe: ["b"], anna: endless }, { atOnce: 1 }))
      yield* Deferred.await(hasBegun)
      yield* TestClock.adjust("59 minutes")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 minute")
      const { tenants: [zoe, anna] } = yield* Fiber.join(fiber)
      const error = anna === undefined ? undefined : yield* Effect.flip(Effect.fromResult(anna.result))
      assert.strictEqual(error?.[Runtime.errorExitCode], 75)
      assert.strictEqual(
        error?.message,
        "anna could not be read within 1h. Nothing of it changed; run again later, or allow more with --tenant-timeout."
      )
      assert.isTrue(zoe !== undefined && Result.isSuccess(zoe.result))
      assert.deepStrictEqual(yield* now(directory), { zoe: "[b]" })
    })))

  it.effect("has stamps that no two tenants share, and each later than those of the round before", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      yield* round(directory, { a: ["a"], b: ["b"], c: ["c"] })
      yield* round(directory, { c: ["c"], b: ["b"], a: ["a"] })
      const all = yield* (yield* Manifest.make(directory)).all
      assert.lengthOf(new Set(all.map(({ run_id }) => run_id)), 6)
      const instants = all.map(({ observed_at }) => observed_at)
      assert.lengthOf(new Set(instants), 6)
      assert.deepStrictEqual(instants, instants.toSorted().toReversed())
    })))

  it.effect("keeps what was read if it cannot be published, and the next round publishes that first", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const fs = yield* FileSystem.FileSystem
      const log: Array<string> = []
      let isBroken = false
      const seal = Effect.suspend(() => isBroken ? Effect.fail(new InputOutput({ detail: "full" })) : Effect.void)
      // the first is opened and closed for a check, and seals nothing
      const sink = {
        ...spy("spy", log),
        open: () => Effect.succeed({ seal: () => Effect.as(seal, { bytes: 0, publication: { by: "spy" } }) })
      }
      isBroken = true
      const error = yield* Effect.flip(round(directory, { anna: ["a"], zoe: ["b"] }, { sinks: [sink] }))
      assert.strictEqual(error._tag, "SinkError")
      assert.lengthOf((yield* fs.readDirectory(`${directory}/runs`)).filter((name) => name.endsWith(".read")), 2)
      assert.isFalse(yield* fs.exists(`${directory}/duo.duckdb`))
      isBroken = false
      const result = yield* round(directory, { anna: failure, zoe: ["b", "c"] }, { sinks: [sink] })
      assert.sameMembers([...result.recovered], ["anna", "zoe"])
      assert.deepStrictEqual(yield* now(directory), { anna: "[a]", zoe: "[b, c]" })
      assert.isTrue((yield* fs.readDirectory(`${directory}/runs`)).every((name) => name.endsWith(".json")))
    })))

  it.effect("leaves out a tenant that the ledger refuses, and publishes the others", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      yield* round(directory, { anna: many(200), zoe: ["b"] })
      // as many people as before, so only the ledger, which knows their keys, sees that all are others
      const result = yield* round(directory, { anna: many(200, 1000), zoe: ["b", "c"] })
      assert.deepStrictEqual(failures(result), { anna: "SinkError", zoe: undefined })
      const rows = yield* now(directory)
      assert.strictEqual(rows["zoe"], "[b, c]")
      assert.include(rows["anna"], "u199")
      assert.notInclude(rows["anna"], "u1000")
    })))

  it.effect(
    "fails if a sink refuses a tenant that is not in it",
    () =>
      inTemporary(Effect.fnUntraced(function*(directory) {
        const refusal = new Superseded({ by: "a later run", tenant: "nobody" })
        const sink = {
          ...spy("spy", []),
          open: () => Effect.succeed({ seal: () => Effect.fail(refusal) })
        }
        const error = yield* Effect.flip(round(directory, { anna: ["a"], zoe: ["b"] }, { sinks: [sink] }))
        assert.strictEqual(error._tag, "SinkError")
        assert.include(error.message, "a later run")
      })),
    20_000
  )

  it.effect("compares each tenant with its own last run, even if other rounds were in between", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      yield* round(directory, { anna: many(200), zoe: ["b"] })
      yield* round(directory, { zoe: ["b"], otto: ["d"] })
      const result = yield* round(directory, { anna: many(20), zoe: ["b"] })
      assert.deepStrictEqual(failures(result), { anna: "RunError", zoe: undefined })
    })))

  it.effect("keeps a run of that host alone from publishing it under the host's name as well", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      yield* round(directory, { anna: ["a"] })
      const alone = Run.run(pipelineOf({ [hostOf("anna")]: ["a"] }), optionsOf(directory)).pipe(
        Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown({ DUO_HOST: hostOf("anna") }))
      )
      const error = yield* Effect.flip(alone)
      assert.include(error.message, "was published as anna before")
      assert.deepStrictEqual(yield* now(directory), { anna: "[a]" })
    })))

  it.effect("keeps the name of a tenant that somebody renames in Duo", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      yield* round(directory, { anna: ["a"], zoe: ["b"] }, { isNamedByDuo: true })
      const result = yield* round(directory, { ann: ["a", "c"], zoe: ["b"] }, {
        hosts: { ann: "anna" },
        isNamedByDuo: true
      })
      assert.deepStrictEqual(failures(result), { anna: undefined, zoe: undefined })
      assert.deepStrictEqual(result.gone, [])
      assert.deepStrictEqual(yield* now(directory), { anna: "[a, c]", zoe: "[b]" })
    })))

  it.effect("refuses a host that was published under another name, and tells which tenants are not in it", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      yield* round(directory, { anna: ["a"], zoe: ["b"] })
      const result = yield* round(directory, { ann: ["a"], zoe: ["b"] }, { hosts: { ann: "anna" } })
      assert.deepStrictEqual(failures(result), { ann: "RunError", zoe: undefined })
      assert.deepStrictEqual(result.gone, ["anna"])
      assert.deepStrictEqual(yield* now(directory), { anna: "[a]", zoe: "[b]" })
    })))
})
