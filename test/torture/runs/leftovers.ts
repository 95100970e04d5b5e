/** D5: other files in the data directory: a damaged Parquet file, files of killed runs, files of other programs. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import mfa from "../../../pipelines/mfa.ts"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import * as OpenRound from "../../../src/run/OpenRound.ts"
import * as Manifest from "../../../src/run/publish/Manifest.ts"
import type { Target } from "../../../src/run/publish/ManifestFile.ts"
import { contents } from "../../support/processes/program.ts"
import { type Case, repeat } from "../Case.ts"
import { afterwards } from "../support/afterwards.ts"
import { everySink, inFolder, run, sinks, tree } from "../support/InProcess.ts"

const withGoodRun = Effect.fnUntraced(function*(folder: string) {
  const duo = yield* serve({ people: "hostile", users: 5 })
  const data = join(folder, "data")
  const { code, message } = yield* run(duo, data)
  assert.strictEqual(code, 0, message)
  return { duo, data }
})

/** Places in a file: near its two ends, and a random one. */
const places = (length: number, seed: number) => [0, 1, 4, 8, length - 8, length - 1, new Dice(seed).below(length)]

/** Damages the Parquet file of a run into all sinks; if short, later repetitions have the Parquet sink alone. */
const unreadable = (isShort: boolean) => (seed: number) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const { data, duo } = yield* withGoodRun(folder)
    const file = join(data, "parquet/current/users.parquet")
    const good = readFileSync(file)
    const spoils: ReadonlyArray<() => void> = [
      () => writeFileSync(file, "PAR1 but that is all PAR1"),
      () => writeFileSync(file, Buffer.alloc(good.length)),
      () => writeFileSync(file, "user_id,username\n"),
      () => writeFileSync(file, Buffer.concat([good.subarray(0, -12), Buffer.alloc(12, 0xff)])),
      ...places(good.length, seed).map((length) => () => truncateSync(file, length))
    ]
    for (const [index, spoil] of spoils.entries()) {
      writeFileSync(file, good)
      spoil()
      const before = tree(folder)
      const asked = duo.requests.length
      const targets = everySink(data).filter(({ sink }) => !isShort || index === 0 || sink === "parquet")
      const { code, message } = yield* run(duo, data, targets)
      assert.strictEqual(code, 73, `${index}: ${message}`)
      assert.match(message, /The parquet sink cannot use .*parquet: .*Move it away and run again/s)
      assert.strictEqual(duo.requests.length, asked, `${index}: Duo was asked`)
      assert.deepStrictEqual(tree(folder), before, String(index))
    }
    return { "unreadable Parquet": spoils.length }
  }))

/** The files that a run leaves if it is killed while it stages, and the manifest that names them. */
const killed = Effect.fnUntraced(function*(data: string, targets: ReadonlyArray<Target>, run_id: string) {
  const { open } = yield* Manifest.make(data)
  yield* open(run_id, targets)
  for (const { location, sink } of targets) {
    const found = Object.values(sinks).find(({ name }) => name === sink)
    if (found === undefined) continue
    const stamp = { run_id, observed_at: 0n, tenant: "127.0.0.1" }
    yield* Effect.scoped(found.open(location, OpenRound.sinkRun(stamp, mfa, { allowEmpty: false }), "/nowhere"))
  }
  // the run database
  const scratch = join(data, "runs", `${run_id}.pages.part`)
  mkdirSync(join(scratch, "rows.spill"), { recursive: true })
  for (const file of ["rows.duckdb", "rows.duckdb.wal", "users.ndjson", "users-0.json", "rows.spill/0.tmp"]) {
    writeFileSync(join(scratch, file), "")
  }
  // files that were partly written
  const parquet = [`users.${run_id}`, "current.users", "work", "views.sql"].map((file) => `${file}.${run_id}.part`)
  for (const file of parquet) writeFileSync(join(data, "parquet", file), "PAR1")
  for (const sink of ["ndjson", "csv"]) writeFileSync(join(data, sink, `users.${run_id}.${run_id}.part`), "")
  // files that DuckDB leaves beside those that it writes
  const name = `duo.duckdb.${run_id}.part`
  writeFileSync(join(data, name), "")
  writeFileSync(join(data, `${name}.wal`), "")
  mkdirSync(join(data, `${name}.tmp`))
  writeFileSync(join(data, `${name}.tmp/duckdb_temp_storage-0.tmp`), "")
  writeFileSync(join(data, "runs", `${run_id}.json.sealed.part`), "{half")
})

/** Files of other programs, some with names that look like ours. */
const foreign = [
  "notes.txt",
  "duo.duckdb.bak",
  "users.part",
  ".part",
  "20200101T000000000Z-aaaaaa.part",
  "ndjson/users.20200101T000000000Z-aaaaa.part",
  "ndjson/users/mine.ndjson",
  "ndjson/users/users.part",
  "csv/.~lock.users.csv#",
  "parquet/mine.sql",
  "parquet/current/mine.parquet",
  "parquet/users/run_date=2020-01-01/old.parquet",
  "runs/README",
  "runs/upload.part",
  "runs/mine.json.bak",
  "mine/deep/er"
]

const swept = inFolder(Effect.fnUntraced(function*(folder) {
  const { data, duo } = yield* withGoodRun(folder)
  for (const name of foreign) {
    mkdirSync(dirname(join(data, name)), { recursive: true, mode: 0o700 })
    writeFileSync(join(data, name), name, { mode: 0o600 })
  }
  symlinkSync("../notes.txt", join(data, "ndjson/link.part"))
  const before = contents(folder)
  const targets = everySink(data)
  yield* killed(data, targets, "20200101T000000000Z-aaaaaa")
  yield* killed(data, targets, "20200102T000000000Z-bbbbbb")
  const litter = Object.keys(tree(folder)).filter((file) =>
    /-(aaaaaa|bbbbbb)\b.*\.(part|open)/.test(file) && !(file in before)
  )
  assert.isAbove(litter.length, 30)
  const { code, message } = yield* run(duo, data)
  assert.strictEqual(code, 0, message)
  const after = tree(folder)
  assert.deepStrictEqual(litter.filter((file) => file in after), [])
  for (const name of foreign) {
    assert.isTrue(existsSync(join(data, name)), `${name} is gone`)
    assert.strictEqual(readFileSync(join(data, name), "utf8"), name)
  }
  assert.strictEqual(after["data/ndjson/link.part"], "-> ../notes.txt")
  // one of these files has a name like an unfinished run's; its content was checked above
  yield* afterwards({ folder, before, recovered: false, keys: duo })
  return { "files of killed runs": litter.length, "files of others": foreign.length }
}))

export const cases: ReadonlyArray<Case> = [{
  id: "D5",
  fault: "a damaged current Parquet file, files of killed runs, files of other programs in the data directory",
  expected: "exit 73 before the first request to Duo; the files of killed runs are removed, other files stay",
  n: { test: 1, torture: 10 },
  run: (plan) =>
    Effect.map(
      Effect.all([swept, repeat(plan, unreadable(plan.n === 1))]),
      ([one, two]) => ({ ...one, ...two })
    )
}]
