/** The sink for PostgreSQL, with a server that the tests start. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import postgres from "../../sinks/postgres.ts"
import { SinkError } from "../../src/failure/SinkError.ts"
import { runs } from "../../src/Outcome.ts"
import * as Table from "../../src/Table.ts"
import { perform, stage } from "../laws/round.ts"
import { runOf, tables, things } from "../laws/rows.ts"
import { locationOf, query, tree } from "../support/servers/postgres-server.ts"
import { failure, first, hasServer, lawsIn, of, openingAt, schemaFor, second, serverOfFile } from "./postgres-sink.ts"

const at = serverOfFile()

const { opened, refused } = openingAt(at)

describe.skipIf(!hasServer)("with a PostgreSQL", () => {
  lawsIn(at)

  layer(NodeServices.layer)("the database", (it) => {
    it.effect("has a comment for every table, view and column, and the types of the dictionary", () =>
      Effect.gen(function*() {
        const schema = schemaFor("comments")
        yield* perform(postgres, locationOf(at(), { schema }), first, of(first, 1))
        const described = query(
          at(),
          `SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type,
             obj_description(c.oid, 'pg_class') AS doc, col_description(c.oid, a.attnum) AS said
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
           WHERE c.relkind IN ('r', 'v') AND relnamespace::regnamespace::text IN ('${schema}', '${schema}_rows')`
        )
        const types = { text: "text", boolean: "boolean", bigint: "bigint", timestamp: "timestamp with time zone" }
        for (const { doc, said } of described) for (const text of [doc, said]) assert.match(String(text), /^\S.*\.$/)
        for (const { columns, doc, name } of [...tables, runs]) {
          assert.includeDeepMembers(
            [...described],
            columns.map((column) => ({
              table: name,
              column: column.name,
              type: types[column.type],
              doc,
              said: column.doc
            }))
          )
        }
        for (const name of ["things", "things_history", "things_snapshots", "others_history"]) {
          assert.isTrue(described.some(({ table }) => table === name), name)
        }
      }))

    it.effect("of another version gets its missing columns, and keeps its rows", () =>
      Effect.gen(function*() {
        const schema = schemaFor("versions")
        const location = locationOf(at(), { schema })
        yield* perform(postgres, location, first, of(first, 2))
        const { run_id, observed_at, ...rest } = things.specs
        const newer = Table.make({
          ...things,
          key: ["user_id"],
          columns: { run_id, observed_at, late: Table.text("It came late."), ...rest }
        })
        const run = { ...second, tables: [newer] }
        const rows = { things: of(second, 2).things.map((row) => ({ ...row, late: "new" })) }
        yield* perform(postgres, location, run, rows, { tables_collected: ["things"] })
        assert.deepStrictEqual(
          query(at(), `SELECT run_id, late FROM ${schema}.things_snapshots GROUP BY 1, 2 ORDER BY 1`),
          [{ run_id: first.run_id, late: null }, { run_id: second.run_id, late: "new" }]
        )
        assert.strictEqual(query(at(), `SELECT * FROM ${schema}.others`).length, 1)
      }))

    it.effect("keeps objects of other users, and is made once if several first runs come at the same time", () =>
      Effect.gen(function*() {
        const schema = schemaFor("taken")
        at().psql(
          `CREATE SCHEMA ${schema} AUTHORIZATION duo; SET ROLE duo; CREATE VIEW ${schema}.things AS SELECT 1 AS mine`
        )
        assert.deepStrictEqual(yield* refused({ schema }), ["CannotCreate", "relation \"things\" already exists"])
        assert.deepStrictEqual(query(at(), `SELECT * FROM ${schema}.things`), [{ mine: 1 }])
        at().psql(`DROP VIEW ${schema}.things`)
        const tenants = ["api-1", "api-2", "api-3"].map((tenant, index) => runOf(index, tenant))
        yield* Effect.forEach(tenants, (run) => opened({ schema }, {}, run), { concurrency: "unbounded" })
      }))

    it.effect("is not changed by a run that finds all of its parts, so slow readers do not block it", () =>
      Effect.gen(function*() {
        const schema = schemaFor("unchanged")
        const made = () =>
          query(at(), `SELECT oid, xmin FROM pg_class WHERE relnamespace::regnamespace::text LIKE '${schema}%'`)
        yield* perform(postgres, locationOf(at(), { schema }), first, of(first, 1))
        const before = made()
        yield* perform(postgres, locationOf(at(), { schema }), second, of(second, 1))
        assert.isAbove(before.length, 10)
        assert.deepStrictEqual(made(), before)
      }))

    it.effect("a run that would remove more rows of the tenant than allowed is refused, and leaves nothing", () =>
      Effect.gen(function*() {
        const location = locationOf(at(), { schema: schemaFor("shrunk") })
        yield* perform(postgres, location, first, of(first, 10))
        const before = yield* tree(at)(location)
        const run = { ...second, maxShrink: 10 }
        const refusal = yield* Effect.flip(stage(postgres, location, run, of(run, 6)))
        assert(refusal instanceof SinkError)
        assert.deepInclude(refusal.reason, { _tag: "Shrunk", table: "things", gone: 4, before: 10 })
        assert.deepStrictEqual(yield* tree(at)(location), before)
        yield* perform(postgres, location, run, of(run, 6), { complete: false })
        yield* perform(postgres, location, { ...runOf(3), maxShrink: 10 }, of(runOf(3), 9))
      }))

    it.effect("lets in one run of a tenant at a time", () =>
      Effect.gen(function*() {
        const location = locationOf(at(), { schema: schemaFor("lock") })
        const other = runOf(2, "api-2.duosecurity.com")
        yield* Effect.scoped(Effect.gen(function*() {
          yield* postgres.open(location, first, "/nowhere")
          yield* postgres.open(location, other, "/nowhere")
          assert.deepStrictEqual(yield* failure(postgres.open(location, second, "/nowhere")), ["InUse"])
        }))
        yield* Effect.scoped(postgres.open(location, second, "/nowhere"))
      }))

    it.effect("a run fails if the server did not take all of its rows", () =>
      Effect.gen(function*() {
        const location = locationOf(at(), { schema: schemaFor("count") })
        const failed = stage(postgres, location, first, of(first, 2), { rows: { things: 3, others: 1 } })
        assert.deepStrictEqual(yield* failure(failed), ["InputOutput", "the server took 2 of 3 rows of things"])
        assert.deepStrictEqual(yield* tree(at)(location), {})
      }))

    it.effect("a published run is not discarded", () =>
      Effect.gen(function*() {
        const location = locationOf(at(), { schema: schemaFor("published") })
        yield* perform(postgres, location, first, of(first, 2))
        const before = yield* tree(at)(location)
        yield* postgres.discard(location, first.run_id)
        assert.deepStrictEqual(yield* tree(at)(location), before)
      }))

    it.effect("a publication that no run of this location made is refused", () =>
      Effect.gen(function*() {
        const location = locationOf(at(), { schema: schemaFor("foreign") })
        const { publication } = yield* stage(postgres, location, first, of(first, 1))
        for (
          const [given, run_id] of [[publication, second.run_id], [{ location }, first.run_id], [
            null,
            first.run_id
          ], [
            { location: "postgres://somebody@192.0.2.1:5432/else?schema=duo_mfa", run_id: first.run_id },
            first.run_id
          ]] as const
        ) {
          const refusal = yield* Effect.flip(postgres.publish(given, run_id, location))
          assert.strictEqual(refusal._tag, "Corrupt")
        }
        assert.deepStrictEqual(Object.keys(yield* tree(at)(location)).filter((name) => !name.includes(".part")), [])
      }))
  })
})
