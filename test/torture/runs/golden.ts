/** G1: 300 users as Duo's documentation shows them, through the whole program; two readers compare every cell. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import mfa from "../../../pipelines/mfa.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import type { Row } from "../../../src/Table.ts"
import { contents, program, query, settings } from "../../support/processes/program.ts"
import type { Case } from "../Case.ts"
import { afterwards } from "../support/afterwards.ts"
import { everySink, inFolder, readerOf } from "../support/InProcess.ts"

const copies = 100

/** Copies a user. The # in its texts is replaced by the copy's number, so that every id and name is unique. */
const numbered = (text: string, copy: number) => text.replaceAll("#", String(copy).padStart(3, "0"))

const golden = JSON.parse(readFileSync(`${import.meta.dirname}/golden.json`, "utf8"))

const copied = (value: unknown) =>
  Array.from({ length: copies }, (_, copy) => JSON.parse(numbered(JSON.stringify(value), copy))).flat()

/** Sorted rows with cells as in NDJSON, without the columns that differ in every run. */
const plain = (rows: ReadonlyArray<Row>) =>
  rows.map(({ observed_at: _, run_id: _run, tenant: _tenant, ...row }) =>
    JSON.stringify(
      Object.fromEntries(
        Object.entries(row).sort().map(([name, cell]) => [
          name,
          typeof cell === "bigint" ? new Date(Number(cell / 1000n)).toISOString().replace(".000Z", "Z") : cell
        ])
      )
    )
  ).sort()

const run = inFolder(Effect.fnUntraced(function*(folder) {
  const tenant = Tenant.fromUsers(copied(golden.users), copied(golden.bypass_codes))
  assert.strictEqual(tenant.size(), 300)
  const duo = yield* serve({ tenant })
  const before = contents(folder)
  const sinks = ["duckdb", "parquet", "ndjson", "csv"].flatMap((sink) => ["--sink", sink])
  const ended = yield* program(folder, ["extract", "--json", ...sinks], settings(duo))
  assert.strictEqual(ended.code, 0, ended.stderr)
  const summary = JSON.parse(ended.stdout)
  assert.deepInclude(summary, { users: 300, complete: true, unknown_values: 0, warnings: [] })
  const stamp = {
    run_id: summary.run_id,
    tenant: duo.host,
    observed_at: BigInt(Date.parse(summary.observed_at)) * 1000n
  }
  let cells = 0
  for (const table of mfa.tables) {
    const template = golden.rows[table.name]
    const expected = plain(copied(template))
    assert.isNotEmpty(expected, table.name)
    for (const { location, sink } of everySink(join(folder, "data"))) {
      const read = readerOf(sink)
      const found = plain(yield* read(location, stamp, table))
      assert.deepStrictEqual(found, expected, `${sink} ${table.name}`)
      cells += found.length * table.columns.length
    }
    const [same] = yield* query(
      `SELECT count(*) AS rows FROM read_parquet('${folder}/data/parquet/current/${table.name}.parquet')`
    )
    assert.strictEqual(Number(same?.["rows"]), expected.length, `current/${table.name}`)
  }
  yield* afterwards({ folder, before, recovered: true, ended, keys: duo })
  return { users: 300, cells }
}))

export const cases: ReadonlyArray<Case> = [{
  id: "G1",
  fault: "no fault: 300 users as Duo's documentation shows them",
  expected: "the same cells in all outputs, read by DuckDB and by readers that the sinks do not use",
  n: { test: 1, torture: 1 },
  run: () => run
}]
