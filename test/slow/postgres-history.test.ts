/** The views in PostgreSQL, over random runs, have the same rows as the model of the history in plain code. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import postgres from "../../sinks/postgres.ts"
import * as DatabaseTarget from "../../sinks/postgres/DatabaseTarget.ts"
import * as Fold from "../../sinks/postgres/versions/Fold.ts"
import { names } from "../../src/duckdb/DuckDb.ts"
import { runs } from "../../src/Outcome.ts"
import { outcomeOf, runOf } from "../laws/rows.ts"
import * as Model from "../oracle/History.ts"
import { binaries, locationOf, query, type Server, start } from "../support/servers/postgres-server.ts"

let server: Server
let target: DatabaseTarget.DatabaseTarget

const hasServer = binaries !== undefined
beforeAll(async () => {
  if (!hasServer) return
  server = await start()
  target = await Effect.runPromise(DatabaseTarget.read(locationOf(server)))
  const open = postgres.open(locationOf(server), { ...runOf(1), tables: [Model.items] }, "/nowhere")
  await Effect.runPromise(Effect.scoped(open).pipe(Effect.provide(NodeServices.layer)))
}, 120_000)
afterAll(() => server?.stop())

const epoch = Date.UTC(2026, 10, 1)
const instant = (at: number) => new Date(epoch + at * 1000).toISOString()

/** SQL for rows that are given as JSON, with the columns of a view. */
const given = (view: string, rows: ReadonlyArray<object>) =>
  `json_populate_recordset(NULL::duo_mfa.${view}, $json$${JSON.stringify(rows)}$json$)`

/** SQL that seals a run, with the statements of the sink. */
const sealed = ({ at, complete, id, rows, tenant }: Model.Run) => {
  const outcome = {
    ...outcomeOf(runOf(1, tenant), {}),
    run_id: id,
    started_at: instant(at),
    observed_at: instant(at),
    complete,
    tables_collected: rows === undefined ? "users" : "users, items"
  }
  const cells = (rows ?? []).map(({ counter, key, sure, value }) => ({
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
  return [
    "BEGIN",
    `INSERT INTO duo_mfa_rows.runs (${names(runs)}) SELECT ${names(runs)} FROM ${given("runs", [outcome])}`,
    ...Fold.place(target, [id]),
    ...Fold.fold(target, Model.items, [id], Fold.numbered(target, Model.items, given("items", cells))),
    "COMMIT"
  ]
}

/** The run without an added column, because the views in PostgreSQL begin another version where a column was added. */
const ofOneVersion = (run: Model.Run): Model.Run => ({
  ...run,
  isLater: false,
  isUpgraded: false,
  rows: run.rows?.map((row) => ({ ...row, late: null }))
})

/** A history, and the order in which its runs are sealed. Some are never published, some of these are discarded. */
interface Sealing {
  readonly run: Model.Run
  readonly order: number
  readonly fate: "published" | "sealed" | "discarded"
}

const sealings = Arbitrary.map(
  Arbitrary.all({
    runs: Model.histories,
    orders: Arbitrary.array(Model.small(99), { minLength: 9, maxLength: 9 }),
    fates: Arbitrary.array(Model.small(7), { minLength: 9, maxLength: 9 }),
    repeats: Arbitrary.array(Model.small(2), { minLength: 9, maxLength: 9 })
  }),
  ({ fates, orders, repeats, runs }) =>
    runs.map((run, index): Sealing => ({
      // most runs see again what one of the two runs before them saw
      run: ofOneVersion({ ...run, rows: runs[Math.max(0, index - (repeats[index] ?? 0))]?.rows }),
      order: orders[index] ?? 0,
      fate: fates[index] === 0 ? "sealed" : (fates[index] ?? 9) < 3 ? "discarded" : "published"
    })).toSorted((a, b) => a.order - b.order)
)

/** The others are discarded at the end. */
const isDiscardedAtOnce = ({ fate, order }: Sealing) => fate === "discarded" && order % 3 === 0

/** Fills the tables, as the sink would have done. */
const fill = Effect.fnUntraced(function*(all: ReadonlyArray<Sealing>) {
  const of = (fate: Sealing["fate"]) => all.filter((one) => one.fate === fate).map(({ run }) => run.id)
  server.psql([
    "TRUNCATE duo_mfa_rows.runs, duo_mfa_rows.places, duo_mfa_rows.items, duo_mfa_rows.items_sightings",
    ...all.flatMap((one) => [
      ...sealed(one.run),
      ...isDiscardedAtOnce(one)
        ? ["BEGIN", `DELETE FROM duo_mfa_rows.runs WHERE run_id = '${one.run.id}'`]
          .concat(Fold.sweep(target, [Model.items.name], [one.run.tenant]), "COMMIT")
        : []
    ]),
    `UPDATE duo_mfa_rows.runs SET published = true WHERE run_id = ANY('{${of("published").join()}}')`
  ].join(";\n"))
  yield* Effect.forEach(of("discarded"), (run_id) => postgres.discard(locationOf(server), run_id))
})

const secondsOf = (column: string) => `extract(epoch FROM ${column})::bigint - ${epoch / 1000} AS ${column}`

const comparable = (rows: ReadonlyArray<Record<string, unknown>>) => rows.map((row) => JSON.stringify(row)).sort()

/** Tries a test with random runs. Readers see the published ones only. */
const forAny = (name: string, test: (published: ReadonlyArray<Model.Run>, all: ReadonlyArray<Sealing>) => void) =>
  it.effect.prop(name, [sealings], ([all]) =>
    Effect.gen(function*() {
      yield* fill(all)
      test(all.filter(({ fate }) => fate === "published").map(({ run }) => run), all)
    }).pipe(Effect.provide(NodeServices.layer)), { arbitrary: { runs: 60 }, timeout: 120_000 })

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

  forAny("T_snapshots has the rows of every run as it saw them", (published) => {
    const asked = "SELECT run_id, tenant, item_id, value, sure, counter FROM duo_mfa.items_snapshots"
    assert.deepStrictEqual(
      comparable(query(server, asked)),
      comparable(
        published.flatMap(({ id, rows = [], tenant }) =>
          rows.map(({ counter, key, sure, value }) => ({ run_id: id, tenant, item_id: key, value, sure, counter }))
        )
      )
    )
  })

  forAny("each version is stored once, and nothing is left of a run that was discarded", (_, all) => {
    const kept = all.filter(({ fate }) => fate !== "discarded").flatMap(({ run: { rows = [], tenant } }) =>
      rows.map(({ key, sure, value }) => ({ tenant, item_id: key, value, sure }))
    )
    assert.deepStrictEqual(
      comparable(query(server, "SELECT tenant, item_id, value, sure FROM duo_mfa_rows.items")),
      [...new Set(comparable(kept))]
    )
    assert.deepStrictEqual(
      query(server, "SELECT run_id FROM duo_mfa_rows.places ORDER BY run_id COLLATE \"C\""),
      all.filter(({ fate }) => fate !== "discarded").map(({ run }) => ({ run_id: run.id })).toSorted((a, b) =>
        a.run_id < b.run_id ? -1 : 1
      )
    )
  })
})
