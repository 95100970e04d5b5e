/** The views in PostgreSQL, over random runs, have the same rows as the model of the history in plain code. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import postgres from "../../sinks/postgres.ts"
import { runs } from "../../src/Outcome.ts"
import type { Table } from "../../src/Table.ts"
import { outcomeOf, runOf } from "../laws/rows.ts"
import * as Model from "../oracle/History.ts"
import { binaries, locationOf, query, type Server, start } from "../support/servers/postgres-server.ts"

let server: Server

const hasServer = binaries !== undefined
beforeAll(async () => {
  if (!hasServer) return
  server = await start()
  const open = postgres.open(locationOf(server), { ...runOf(1), tables: [Model.items] }, "/nowhere")
  await Effect.runPromise(Effect.scoped(open).pipe(Effect.provide(NodeServices.layer)))
}, 120_000)
afterAll(() => server?.stop())

const epoch = Date.UTC(2026, 10, 1)
const instant = (at: number) => new Date(epoch + at * 1000).toISOString()

/** SQL that inserts rows, given as JSON with the names of the columns. */
const insert = ({ name }: Table, rows: ReadonlyArray<object>) =>
  `INSERT INTO duo_mfa_rows.${name} SELECT * FROM
   json_populate_recordset(NULL::duo_mfa_rows.${name}, $json$${JSON.stringify(rows)}$json$);`

/** Fills the tables with the runs of a history, as the sink would have done. */
const fill = (all: ReadonlyArray<Model.Run>) =>
  server.psql([
    "TRUNCATE duo_mfa_rows.runs CASCADE;",
    insert(
      runs,
      all.map((run) => ({
        ...outcomeOf(runOf(1, run.tenant), {}),
        run_id: run.id,
        started_at: instant(run.at),
        observed_at: instant(run.at),
        complete: run.complete,
        tables_collected: run.rows === undefined ? "users" : "users, items",
        published: true
      }))
    ),
    insert(
      Model.items,
      all.flatMap(({ at, id, rows = [], tenant }) =>
        rows.map(({ counter, key, sure, value }) => ({
          run_id: id,
          observed_at: instant(at),
          tenant,
          kind: "a",
          item_id: key,
          value,
          repeated: `of ${value}`,
          sure,
          why: `is ${sure}`,
          counter
        }))
      )
    )
  ].join("\n"))

const secondsOf = (column: string) => `extract(epoch FROM ${column})::bigint - ${epoch / 1000} AS ${column}`

const comparable = (rows: ReadonlyArray<Record<string, unknown>>) => rows.map((row) => JSON.stringify(row)).sort()

/** The run without an added column, because the views in PostgreSQL begin another version where a column was added. */
const ofOneVersion = (run: Model.Run): Model.Run => ({
  ...run,
  isLater: false,
  isUpgraded: false,
  rows: run.rows?.map((row) => ({ ...row, late: null }))
})

/** Tries a test with random runs, stored from the last to the first. */
const forAny = (name: string, test: (all: ReadonlyArray<Model.Run>) => void) =>
  it.effect.prop(name, [Model.histories], ([some]) =>
    Effect.sync(() => {
      const all = some.map(ofOneVersion)
      fill(all.toReversed())
      test(all)
    }), { arbitrary: { runs: 60 }, timeout: 120_000 })

describe.skipIf(!hasServer)("in PostgreSQL, of random runs", () => {
  forAny("T_history is equal to the model", (all) => {
    const asked = `SELECT tenant, item_id, value, counter, ${secondsOf("valid_from")}, ${secondsOf("valid_to")},
      first_run_id, last_run_id, ${secondsOf("observed_at")} FROM duo_mfa.items_history`
    assert.deepStrictEqual(
      comparable(query(server, asked)),
      comparable(
        Model.history(all).map((version) => ({
          tenant: version.tenant,
          item_id: version.key,
          value: version.value,
          counter: version.counter,
          valid_from: version.from,
          valid_to: version.to,
          first_run_id: version.first,
          last_run_id: version.last,
          observed_at: version.seen
        }))
      )
    )
  })

  forAny("T has the current rows, also those that a run that is not complete did not see", (all) => {
    const asked = `SELECT tenant, item_id, value, counter, run_id, ${secondsOf("observed_at")} FROM duo_mfa.items`
    assert.deepStrictEqual(
      comparable(query(server, asked)),
      comparable(
        Model.history(all).filter(({ to }) => to === null).map(({ counter, key, last, seen, tenant, value }) => ({
          tenant,
          item_id: key,
          value,
          counter,
          run_id: last,
          observed_at: seen
        }))
      )
    )
  })

  forAny("T_asof is what was known at any instant", (all) => {
    const instants = Array.from({ length: (Model.inOrder(all).at(-1)?.at ?? 0) + 2 }, (_, at) => at)
    const asked =
      `SELECT at - 1 AS at, tenant, item_id, value, counter, run_id FROM generate_series(0, ${instants.length}) AS at,
      LATERAL duo_mfa.items_asof(to_timestamp(${epoch / 1000} + at - 1))`
    assert.deepStrictEqual(
      comparable(query(server, asked)),
      comparable(
        instants.flatMap((at) =>
          Model.asThen(all, at).map(({ counter, key, last, tenant, value }) => ({
            at,
            tenant,
            item_id: key,
            value,
            counter,
            run_id: last
          }))
        )
      )
    )
  })
})
