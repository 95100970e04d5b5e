/** D3: a ledger that other programs have open. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import * as processes from "../../support/processes/processes.ts"
import { contents, settings } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"
import type { Case } from "../Case.ts"
import { afterwards } from "../support/afterwards.ts"
import { inFolder, run } from "../support/InProcess.ts"
import { process as program } from "../support/Process.ts"
import { users, withGoodRun } from "./good-run.ts"

/** Those that tell of a reader or a writer: the ledger, and one that stands for the others. */
const two = ["duckdb", "ndjson"]

const countUsers = "SELECT count(*) FROM users"

/** Runs while readers have the ledger open, and then while a writer has it open that leaves. */
const readersAndWriter = (n: number) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const { data, duo, ledger, targets } = yield* withGoodRun(folder, two)
    const before = contents(folder)
    duo.tenant.edit({ edit: "add", at: 0 })
    const open = yield* Effect.forEach(
      Array.from({ length: n }),
      () => processes.open(ledger, "READ_ONLY"),
      { concurrency: 4 }
    )
    const { code, message } = yield* run(duo, data, targets)
    assert.strictEqual(code, 0, message)
    for (const reader of open) {
      assert.strictEqual(reader.opened, "open")
      assert.strictEqual(yield* reader.ask(countUsers), `[["${users}"]]`, "a reader lost what it had")
    }
    assert.deepStrictEqual(yield* readers.query(ledger, "SELECT count(*) AS n FROM users"), [{ n: BigInt(users + 1) }])
    yield* afterwards({ folder, before, recovered: true, keys: duo })

    const then = contents(folder)
    const writer = yield* processes.open(ledger, "READ_WRITE")
    const began = performance.now()
    yield* Effect.forkScoped(Effect.delay(writer.leave, "1 second"))
    const next = yield* run(duo, data, targets)
    assert.strictEqual(next.code, 0, next.message)
    assert.isAbove(performance.now() - began, 1000)
    yield* afterwards({ folder, before: then, recovered: true, keys: duo })
    return open.length
  }))

const writerStays = inFolder(Effect.fnUntraced(function*(folder) {
  const { duo, ledger } = yield* withGoodRun(folder)
  const before = contents(folder)
  const asked = duo.requests.length
  const writer = yield* processes.open(ledger, "READ_WRITE")
  const began = performance.now()
  const sinks = ["csv", "parquet", "ndjson", "duckdb"].flatMap((sink) => ["--sink", sink])
  const ended = yield* program({ cwd: folder, args: ["extract", ...sinks], env: settings(duo) })
  assert.isAbove(performance.now() - began, 5000)
  assert.include(ended.stderr, `process ${writer.pid}`)
  assert.strictEqual(duo.requests.length, asked, "Duo was asked")
  assert.deepStrictEqual(contents(folder), before)
  yield* afterwards({ folder, before, recovered: true, ended, codes: [75], keys: duo })
}))

export const cases: ReadonlyArray<Case> = [
  {
    id: "D3",
    fault: "a ledger that several other programs read, and that one keeps open for writing, for a second or for ever",
    expected:
      "readers notice nothing; a run waits 5 s for a writer, then exit 75 with its PID, and nothing is published",
    n: { test: 2, torture: 20 },
    run: ({ n }) =>
      Effect.gen(function*() {
        // a run that waits for a writer takes 5 s, so it runs beside the others
        const [readers] = yield* Effect.all([readersAndWriter(n), writerStays], { concurrency: 2 })
        return { readers, "writer for a second": 1, "writer for ever": 1 }
      })
  }
]
