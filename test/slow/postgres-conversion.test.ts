/** A database of the first layout, which had all rows of each run: its rows are kept as versions. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import postgres from "../../sinks/postgres.ts"
import type { SinkRun } from "../../src/Sink.ts"
import type { Table } from "../../src/Table.ts"
import { others, plain, rowsOf, runOf, tables, things } from "../laws/rows.ts"
import { comparable, perform, readBack } from "../laws/sink.ts"
import { locationOf, query } from "../support/servers/postgres-server.ts"
import { failure, first, hasServer, schemaFor, second, serverOfFile } from "./postgres-sink.ts"

const at = serverOfFile()

const other = runOf(2, "api-2.duosecurity.com")

/** The first layout of the table, with its views. These were longer, but had the same names and columns. */
const firstLayout = (schema: string, table: string) => `
  CREATE TABLE ${schema}_rows.${table} (run_id text NOT NULL, observed_at timestamptz NOT NULL, tenant text NOT NULL,
    user_id text NOT NULL, name text NOT NULL, moment timestamptz NOT NULL, note text, is_on boolean, count bigint,
    FOREIGN KEY (run_id) REFERENCES ${schema}_rows.runs ON DELETE CASCADE, PRIMARY KEY (run_id, user_id));
  CREATE VIEW ${schema}.${table}_snapshots AS
    SELECT * FROM ${schema}_rows.${table} WHERE run_id IN (SELECT run_id FROM ${schema}.runs);
  CREATE VIEW ${schema}.${table} AS SELECT * FROM ${schema}.${table}_snapshots;
  CREATE VIEW ${schema}.${table}_history AS SELECT *, observed_at AS valid_from FROM ${schema}.${table}_snapshots;
  CREATE FUNCTION ${schema}.${table}_asof(ts timestamptz) RETURNS SETOF ${schema}.${table} LANGUAGE sql STABLE
    BEGIN ATOMIC SELECT * FROM ${schema}.${table} WHERE observed_at <= ts; END;
  COMMENT ON TABLE ${schema}_rows.${table} IS 'Rows of ${table} of all runs, for the views in ${schema}; made by 0123456789ab.';`

const layout = (schema: string) => `
  CREATE SCHEMA ${schema} AUTHORIZATION duo; CREATE SCHEMA ${schema}_rows AUTHORIZATION duo; SET ROLE duo;
  CREATE TABLE ${schema}_rows.runs (run_id text PRIMARY KEY, pipeline text NOT NULL, tenant text NOT NULL,
    started_at timestamptz NOT NULL, finished_at timestamptz NOT NULL, observed_at timestamptz NOT NULL, complete boolean,
    incomplete_reason text, users bigint, methods bigint, total_objects bigint, pages bigint, sweeps bigint, requests bigint,
    retries bigint, duplicates bigint, unknown_values bigint, tool_version text, proof text, tables_collected text,
    columns_added text, published boolean NOT NULL DEFAULT false, round_id text);
  CREATE VIEW ${schema}.runs AS SELECT run_id, pipeline, tenant, started_at, finished_at, observed_at, complete,
    incomplete_reason, users, methods, total_objects, pages, sweeps, requests, retries, duplicates, unknown_values,
    tool_version, proof, tables_collected, columns_added FROM ${schema}_rows.runs WHERE published;
  COMMENT ON TABLE ${schema}_rows.runs IS 'Rows of runs of all runs, for the views in ${schema}; made by 0123456789ab.';
  ${firstLayout(schema, "things")}${firstLayout(schema, "others")}`

/** SQL that inserts a run and its rows of both tables, as the first layout had them. */
const inserted = (
  schema: string,
  { observed_at, run_id, tenant }: SinkRun,
  isPublished: boolean,
  names: ReadonlyArray<string>
) => {
  const instant = `to_timestamp(${observed_at} / 1000000.0)`
  const row = (name: string, number: number) =>
    `('${run_id}', ${instant}, '${tenant}', 'U${number}', '${name}', '2026-11-23 20:15:00.123456+00', true, 7)`
  return `
    INSERT INTO ${schema}_rows.runs (run_id, pipeline, tenant, started_at, finished_at, observed_at, complete,
      tables_collected, published, round_id) VALUES ('${run_id}', 'test', '${tenant}', ${instant}, ${instant}, ${instant}, true,
      'things, others', ${isPublished}, '${run_id}');
    INSERT INTO ${schema}_rows.things (run_id, observed_at, tenant, user_id, name, moment, is_on, count)
      VALUES ${names.map(row).join()};
    INSERT INTO ${schema}_rows.others (run_id, observed_at, tenant, user_id, name, moment, is_on, count)
      VALUES ${row("other", 0)};`
}

/** The row that `inserted` made. */
const rowOf = (run: SinkRun, name: string, number = 0) => ({
  ...rowsOf(run, [{ ...plain, name }], number)[0]
})

describe.skipIf(!hasServer)("with a PostgreSQL", () => {
  layer(NodeServices.layer)("a database of the first layout", (it) => {
    it.effect("keeps all rows of all runs, in the order of their instants, and has each version once", () =>
      Effect.gen(function*() {
        const schema = schemaFor("first layout")
        const location = locationOf(at(), { schema })
        const [third, fourth] = [runOf(3), runOf(4)]
        at().psql([
          layout(schema),
          inserted(schema, fourth, false, ["new", "same"]),
          inserted(schema, third, true, ["new", "same"]),
          inserted(schema, first, true, ["old", "same", "leaves"]),
          inserted(schema, other, true, ["other", "same"])
        ].join("\n"))
        const run = runOf(5)
        yield* perform(postgres, location, run, {
          things: [rowOf(run, "new"), rowOf(run, "same", 1)],
          others: [rowOf(run, "other")]
        })
        const expected: ReadonlyArray<readonly [SinkRun, ReadonlyArray<string>]> = [
          [first, ["old", "same", "leaves"]],
          [other, ["other", "same"]],
          [third, ["new", "same"]],
          [run, ["new", "same"]]
        ]
        for (const [one, names] of expected) {
          const read = (table: Table) =>
            Effect.map(readBack(postgres, location, one, table), (rows) => comparable(rows ?? []))
          assert.deepStrictEqual(yield* read(things), comparable(names.map((name, number) => rowOf(one, name, number))))
          assert.deepStrictEqual(yield* read(others), comparable([rowOf(one, "other")]))
        }
        const history = () =>
          query(
            at(),
            `SELECT name, first_run_id, last_run_id FROM ${schema}.things_history ORDER BY tenant, user_id, valid_from`
          )
            .map((row) => Object.values(row).join(" "))
        const ofOther = [`other ${other.run_id} ${other.run_id}`, `same ${other.run_id} ${other.run_id}`]
        const ofTenant = [
          `old ${first.run_id} ${first.run_id}`,
          `new ${third.run_id} ${run.run_id}`,
          `same ${first.run_id} ${run.run_id}`,
          `leaves ${first.run_id} ${first.run_id}`
        ]
        assert.deepStrictEqual(history(), [...ofTenant, ...ofOther])
        assert.strictEqual(at().psql(`SELECT count(*) FROM ${schema}_rows.things`), "6")
        assert.strictEqual(at().psql(`SELECT count(*) FROM ${schema}_rows.things_sightings`), "6")
        assert.strictEqual(at().psql(`SELECT count(*) FROM pg_class WHERE relname LIKE '%before%'`), "0")
        yield* postgres.publish({ location, run_id: fourth.run_id, runs: [fourth.run_id] }, fourth.run_id, location)
        assert.lengthOf(
          (yield* readBack(postgres, location, fourth, things)) ?? [],
          2,
          "a sealed run is published later"
        )
        assert.deepStrictEqual(history(), [...ofTenant, ...ofOther])
      }))

    it.effect("loses a run that is discarded, and a person who is forgotten, before it is converted", () =>
      Effect.gen(function*() {
        const schema = schemaFor("first layout, removed")
        const location = locationOf(at(), { schema })
        at().psql([
          layout(schema),
          inserted(schema, first, true, ["one", "two"]),
          inserted(schema, second, false, ["one", "two"])
        ].join("\n"))
        yield* postgres.discard(location, second.run_id)
        assert.strictEqual(at().psql(`SELECT count(*) FROM ${schema}_rows.things`), "2")
        const person = { tenant: null, user_id: "U1" }
        const forgotten = postgres.forget?.(location, tables, person, { dryRun: false, run_id: "nothing" })
        assert.deepStrictEqual(yield* Effect.scoped(forgotten ?? Effect.die("it can forget")), [
          { tenant: first.tenant, table: "things", rows: 1 }
        ])
        assert.strictEqual(at().psql(`SELECT user_id FROM ${schema}_rows.things`), "U0")
      }))

    it.effect("is as before if its conversion is killed", () =>
      Effect.gen(function*() {
        const schema = schemaFor("first layout, killed")
        const location = locationOf(at(), { schema })
        at().psql([
          layout(schema),
          inserted(schema, first, true, ["one", "two"]),
          `CREATE FUNCTION ${schema}.die() RETURNS event_trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END $$; RESET ROLE;
          ALTER FUNCTION ${schema}.die OWNER TO admin;
          CREATE EVENT TRIGGER die ON sql_drop WHEN tag IN ('DROP TABLE') EXECUTE FUNCTION ${schema}.die();`
        ].join("\n"))
        const [tag] = yield* failure(Effect.scoped(postgres.open(location, second, "/nowhere")))
        at().psql("DROP EVENT TRIGGER die")
        assert.strictEqual(tag, "Unreachable")
        assert.strictEqual(at().psql(`SELECT count(*) FROM ${schema}_rows.things WHERE run_id IS NOT NULL`), "2")
        yield* Effect.scoped(postgres.open(location, second, "/nowhere"))
        assert.lengthOf((yield* readBack(postgres, location, first, things)) ?? [], 2)
      }))
  })
})
