/** A folder with a good run, whose ledger a case then spoils or keeps open. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { everySink, run } from "../support/InProcess.ts"

export const users = 12

/** Makes a folder with a good run into all or some sinks, and the tenant of that run. */
export const withGoodRun = Effect.fnUntraced(function*(folder: string, names?: ReadonlyArray<string>) {
  const duo = yield* serve({ people: "hostile", users })
  const data = join(folder, "data")
  const targets = everySink(data).filter(({ sink }) => names?.includes(sink) ?? true)
  const { code, message } = yield* run(duo, data, targets)
  assert.strictEqual(code, 0, message)
  return { duo, data, ledger: join(data, "duo.duckdb"), targets }
})
