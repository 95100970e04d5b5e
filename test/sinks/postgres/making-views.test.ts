/** How the views for readers come into a PostgreSQL: they are made again when they change, and others' views are kept. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import postgres from "../../../sinks/postgres.ts"
import type { SinkRun } from "../../../src/Sink.ts"
import * as Table from "../../../src/Table.ts"
import { perform } from "../../laws/round.ts"
import { runOf, things } from "../../laws/rows.ts"
import { failure, of, schemaFor, serverOfFile } from "../../slow/postgres-sink.ts"
import { locationOf, query } from "../../support/servers/postgres-server.ts"
import { installations } from "../../support/servers/postgres/Installations.ts"

/** SQL of a view that has a row per name. */
const named = (more = "") =>
  `CREATE OR REPLACE VIEW things_named AS SELECT tenant, name${more} FROM things WHERE name IS NOT NULL;
   COMMENT ON VIEW things_named IS 'Things with a name.'`

/** The n-th run with this SQL. */
const runWith = (portable: string, n: number): SinkRun => ({ ...runOf(n), portable })

describe.each(installations)("in $name", (installation) => {
  const at = serverOfFile(installation)

  /** Publishes two things. */
  const publish = (schema: string, run: SinkRun) => perform(postgres, locationOf(at(), { schema }), run, of(run, 2))

  describe.skipIf(!installation.isThere)("the views", () => {
    layer(NodeServices.layer)((it) => {
      it.effect("are made again when their SQL changes, with the privileges that they had", () =>
        Effect.gen(function*() {
          const schema = schemaFor("replaced")
          at().psql(
            `CREATE SCHEMA ${schema} AUTHORIZATION duo; GRANT USAGE ON SCHEMA ${schema} TO stranger;
             ALTER DEFAULT PRIVILEGES FOR ROLE duo IN SCHEMA ${schema} GRANT SELECT ON TABLES TO stranger`
          )
          yield* publish(schema, runWith(named(), 1))
          yield* publish(schema, runWith(named(", user_id"), 2))
          assert.deepStrictEqual(
            at().psql(`SET ROLE stranger; SELECT user_id FROM ${schema}.things_named ORDER BY 1`).split("\n"),
            ["U0", "U1"]
          )
          assert.strictEqual(
            at().psql(`SELECT obj_description('${schema}.things_named'::regclass, 'pg_class')`),
            "Things with a name."
          )
          yield* publish(schema, runWith("", 3))
          assert.strictEqual(at().psql(`SELECT to_regclass('${schema}.things_named') IS NULL`), "t")
        }))

      it.effect("are made again when a table under them changes, and an added column is not a change of its rows", () =>
        Effect.gen(function*() {
          const schema = schemaFor("grown")
          const location = locationOf(at(), { schema })
          const grown = Table.make({
            ...things,
            key: ["user_id"],
            columns: { ...things.specs, late: Table.text("Late.") }
          })
          const lateAs = Effect.fnUntraced(function*(n: number, late: string, columns_added: ReadonlyArray<string>) {
            const run = { ...runWith(named(), n), tables: [grown] }
            const rows = { things: of(run, 2).things.map((row) => ({ ...row, late })) }
            yield* perform(postgres, location, run, rows, { tables_collected: ["things"], columns_added })
          })
          yield* publish(schema, runWith(named(), 1))
          yield* lateAs(2, "new", ["things.late"])
          assert.deepStrictEqual(query(at(), `SELECT * FROM ${schema}.things_changes`), [])
          assert.strictEqual(query(at(), `SELECT * FROM ${schema}.things_named`).length, 2)
          yield* lateAs(3, "newer", [])
          assert.deepStrictEqual(
            query(at(), `SELECT event, attribute, before_text, after_text FROM ${schema}.things_changes`),
            Array.from({ length: 2 }, () => ({
              event: "changed",
              attribute: "late",
              before_text: "new",
              after_text: "newer"
            }))
          )
        }))

      it.effect("of other users on these are not dropped: the run fails, says what to do, and changes nothing", () =>
        Effect.gen(function*() {
          const schema = schemaFor("own")
          yield* publish(schema, runWith(named(), 1))
          at().psql(`SET ROLE duo; CREATE VIEW ${schema}.mine AS SELECT name FROM ${schema}.things_named`)
          const [tag, detail = ""] = yield* failure(publish(schema, runWith(named(", user_id"), 2)))
          assert.strictEqual(tag, "CannotCreate")
          assert.match(detail, /depend.*drop yours, and make them again after the run/)
          assert.strictEqual(query(at(), `SELECT * FROM ${schema}.mine`).length, 2)
          at().psql(`DROP VIEW ${schema}.mine`)
          yield* publish(schema, runWith(named(", user_id"), 2))
        }))

      it.effect("are not made where another object has the name, and that is kept", () =>
        Effect.gen(function*() {
          const schema = schemaFor("name")
          at().psql(
            `CREATE SCHEMA ${schema} AUTHORIZATION duo; SET ROLE duo; CREATE VIEW ${schema}.things_named AS SELECT 1 AS mine`
          )
          assert.deepStrictEqual(yield* failure(publish(schema, runWith(named(), 1))), [
            "CannotCreate",
            "relation \"things_named\" already exists"
          ])
          assert.deepStrictEqual(query(at(), `SELECT * FROM ${schema}.things_named`), [{ mine: 1 }])
        }))
    })
  })
})
