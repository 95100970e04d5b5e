/** The views that a reader sees first show who and what first, in the ledger and over snapshots. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { items } from "../oracle/History.ts"
import { Places, stepwise } from "./ledger-in-memory.ts"

const own = items.columns.map(({ name }) => name).filter((name) => !["tenant", "run_id", "observed_at"].includes(name))

const intervals = ["valid_from", "valid_to", "first_run_id", "last_run_id"]
const change = ["event", "attribute", "before_text", "after_text", "happened_after", "happened_by"]

const expected: ReadonlyArray<readonly [from: string, between: ReadonlyArray<string>]> = [
  ["items", own],
  ["items_asof(now())", own],
  ["items_history", [...own, ...intervals]],
  ["items_changes", [...change, ...own]]
]

layer(Places.layer)("the columns of a view", (it) => {
  it.effect("begin with the tenant, and end with the run that saw the row", () =>
    Effect.gen(function*() {
      const session = yield* stepwise([])
      for (const database of ["ledger", "files"]) {
        yield* session.run(`USE ${database}`)
        for (const [from, between] of expected) {
          const columns = (yield* session.all(`DESCRIBE FROM ${from}`)).map(([name]) => name)
          assert.deepStrictEqual(columns, ["tenant", ...between, "run_id", "observed_at"], `${database}: ${from}`)
        }
      }
    }))
})
