/** The versions in PostgreSQL: what a run adds, a seal that is killed, the order of publishing, and a person who is forgotten. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import postgres from "../../sinks/postgres.ts"
import * as Connection from "../../sinks/postgres/Connection.ts"
import * as DatabaseTarget from "../../sinks/postgres/DatabaseTarget.ts"
import * as Fold from "../../sinks/postgres/versions/Fold.ts"
import type { SinkRun } from "../../src/Sink.ts"
import * as Table from "../../src/Table.ts"
import { type Cells, plain, rowsOf, runOf, tables, things } from "../laws/rows.ts"
import { comparable, perform, performRound, readBack, stage } from "../laws/sink.ts"
import { locationOf, query, tree } from "../support/servers/postgres-server.ts"
import { failure, first, hasServer, of, schemaFor, second, serverOfFile } from "./postgres-sink.ts"

const at = serverOfFile()

const named = (run: SinkRun, ...names: ReadonlyArray<string>) => ({
  things: rowsOf(run, names.map((name): Cells => ({ ...plain, name })))
})

const counted = (schema: string, table: string) => Number(at().psql(`SELECT count(*) FROM ${schema}_rows.${table}`))

describe.skipIf(!hasServer)("with a PostgreSQL", () => {
  layer(NodeServices.layer)("the versions", (it) => {
    it.effect("get nothing from a run that sees the same as before, and one row from a run that sees one change", () =>
      Effect.gen(function*() {
        const schema = schemaFor("same")
        const location = locationOf(at(), { schema })
        const sizes = () => [counted(schema, "things"), counted(schema, "things_sightings")]
        yield* perform(postgres, location, first, of(first, 5))
        assert.deepStrictEqual(sizes(), [5, 5])
        yield* perform(postgres, location, second, of(second, 5))
        assert.deepStrictEqual(sizes(), [5, 5])
        const third = runOf(3)
        yield* perform(postgres, location, third, named(third, "new", "plain", "plain", "plain", "plain"))
        assert.deepStrictEqual(sizes(), [6, 6])
        const incomplete = runOf(4)
        yield* perform(postgres, location, incomplete, named(incomplete, "new"), { complete: false })
        yield* perform(postgres, location, runOf(5), named(runOf(5), "new", "plain", "plain", "plain", "plain"))
        assert.deepStrictEqual(sizes(), [6, 10], "rows that a run did not see are not stored again")
        assert.strictEqual(query(at(), `SELECT * FROM ${schema}.things_history`).length, 6)
      }))

    it.effect("have one row for a version of which only volatile columns have changed", () =>
      Effect.gen(function*() {
        const schema = schemaFor("volatile")
        const location = locationOf(at(), { schema })
        const { count, seen_at, ...rest } = things.specs
        const table = Table.make<Table.Specs>({
          ...things,
          columns: { ...rest, count: Table.volatile(count), seen_at: Table.volatile(seen_at) }
        })
        for (const number of [1, 2, 3]) {
          const run = { ...runOf(number), tables: [table] }
          yield* perform(postgres, location, run, { things: rowsOf(run, [{ ...plain, count: number }]) }, {
            tables_collected: ["things"]
          })
        }
        assert.deepStrictEqual([counted(schema, "things"), counted(schema, "things_sightings")], [1, 3])
        assert.deepStrictEqual(
          query(at(), `SELECT count, first_run_id, last_run_id FROM ${schema}.things_history`),
          [{ count: 3, first_run_id: first.run_id, last_run_id: runOf(3).run_id }]
        )
        assert.deepStrictEqual(
          query(at(), `SELECT count FROM ${schema}.things_snapshots ORDER BY run_id`),
          [{ count: 1 }, { count: 2 }, { count: 3 }]
        )
      }))

    it.effect("of a row are two if a complete run between them did not see it, and one if it was not complete", () =>
      Effect.gen(function*() {
        for (const complete of [true, false]) {
          const schema = schemaFor(`between ${complete}`)
          const location = locationOf(at(), { schema })
          const third = runOf(3)
          yield* perform(postgres, location, first, of(first, 1))
          yield* perform(postgres, location, second, {}, { complete })
          yield* perform(postgres, location, third, of(third, 1))
          const asked = `SELECT first_run_id, last_run_id, valid_from < valid_to AS ended FROM ${schema}.things_history`
          const version = (begun: SinkRun, last: SinkRun, ended: boolean | null) => ({
            first_run_id: begun.run_id,
            last_run_id: last.run_id,
            ended
          })
          assert.deepStrictEqual(
            query(at(), `${asked} ORDER BY valid_from`),
            complete ? [version(first, first, true), version(third, third, null)] : [version(first, third, null)]
          )
          assert.strictEqual(counted(schema, "things"), 1)
        }
      }))

    it.effect("are the same as before if a seal is killed at any statement, and then the run can be made again", () =>
      Effect.gen(function*() {
        const schema = schemaFor("killed")
        const location = locationOf(at(), { schema })
        yield* perform(postgres, location, first, named(first, "one", "two", "three"))
        yield* stage(postgres, location, runOf(3), named(runOf(3), "one", "two", "three"))
        const before = yield* tree(at)(location)
        at().psql(`CREATE FUNCTION ${schema}.die() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
          ALTER FUNCTION ${schema}.die OWNER TO duo`)
        const points = [
          ["runs", "INSERT"],
          ["places", "INSERT"],
          ["runs", "UPDATE"],
          ["things", "INSERT"],
          ["things_sightings", "INSERT"],
          ["things_sightings", "UPDATE"],
          ["others", "INSERT"]
        ]
        const rows = { ...named(second, "one", "changed"), others: of(second, 1).others }
        for (const [table, statement] of points) {
          for (const when of ["BEFORE", "AFTER"]) {
            at().psql(`CREATE TRIGGER die ${when} ${statement} ON ${schema}_rows.${table}
              FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.die()`)
            const [tag] = yield* failure(stage(postgres, location, second, rows))
            assert.strictEqual(tag, "Unreachable", `${when} ${statement} ${table}`)
            at().psql(`DROP TRIGGER die ON ${schema}_rows.${table}`)
            yield* postgres.discard(location, second.run_id)
            assert.deepStrictEqual(yield* tree(at)(location), before, `${when} ${statement} ${table}`)
          }
        }
        yield* perform(postgres, location, second, rows)
        assert.deepStrictEqual(
          comparable((yield* readBack(postgres, location, second, things)) ?? []),
          comparable(rows.things)
        )
      }))

    it.effect("are right if a sealed run is published after a later run of its tenant, or is discarded then", () =>
      Effect.gen(function*() {
        for (const isPublished of [true, false]) {
          const schema = schemaFor(`late ${isPublished}`)
          const location = locationOf(at(), { schema })
          const third = runOf(3)
          yield* perform(postgres, location, first, named(first, "one", "old", "leaves"))
          const { publication } = yield* stage(postgres, location, second, named(second, "one", "between", "comes"))
          yield* perform(postgres, location, third, named(third, "one", "between"))
          const history = () =>
            query(
              at(),
              `SELECT name, first_run_id, last_run_id FROM ${schema}.things_history ORDER BY user_id, valid_from`
            )
              .map((row) => Object.values(row).join(" "))
          const [one, two, three] = [first.run_id, second.run_id, third.run_id]
          const without = [
            `one ${one} ${three}`,
            `old ${one} ${one}`,
            `between ${three} ${three}`,
            `leaves ${one} ${one}`
          ]
          assert.deepStrictEqual(history(), without)
          if (isPublished) {
            yield* postgres.publish(publication, two, location)
            assert.deepStrictEqual(history(), [
              `one ${one} ${three}`,
              `old ${one} ${one}`,
              `between ${two} ${three}`,
              `leaves ${one} ${one}`,
              `comes ${two} ${two}`
            ])
          } else {
            yield* postgres.discard(location, two)
            assert.deepStrictEqual(history(), without)
            assert.strictEqual(counted(schema, "things"), 4, "the version of the discarded run is gone")
          }
          assert.strictEqual(query(at(), `SELECT * FROM ${schema}.things`).length, 2)
        }
      }))

    it.effect("of one tenant do not wait for those of another, and readers do not wait at all", () =>
      Effect.scoped(Effect.gen(function*() {
        const location = locationOf(at(), { schema: schemaFor("beside") })
        const target = yield* DatabaseTarget.read(location)
        const other = runOf(2, "api-2.duosecurity.com")
        yield* performRound(postgres, location, [{ run: first, rows: of(first, 3) }, {
          run: other,
          rows: of(other, 3)
        }])
        const session = yield* Connection.open(target)
        const rows = Fold.numbered(target, things, `${target.schema}.things WHERE false`)
        yield* session.run(
          ["BEGIN", ...Fold.lock(target, [first.tenant]), ...Fold.fold(target, things, [first.run_id], rows)].join(";")
        )
        const third = runOf(3, other.tenant)
        yield* perform(postgres, location, third, of(third, 2))
        assert.strictEqual(query(at(), `SELECT * FROM ${target.schema}.things`).length, 5)
      })))

    it.effect("of a person whose id has difficult characters are found", () =>
      Effect.gen(function*() {
        const location = locationOf(at(), { schema: schemaFor("forgotten text") })
        const user_id = "\0=it's \\ \ud800␀"
        yield* perform(postgres, location, first, {
          things: rowsOf(first, [plain]).map((row) => ({ ...row, user_id }))
        }, { tables_collected: ["things"] })
        const person = { tenant: null, user_id }
        const forgotten = postgres.forget?.(location, tables, person, { dryRun: false, run_id: "nothing" })
        assert.lengthOf(yield* Effect.scoped(forgotten ?? Effect.die("it can forget")), 1)
      }))

    it.effect("of a person who is forgotten are gone, those of the others stay, and it can be done twice", () =>
      Effect.gen(function*() {
        const schema = schemaFor("forgotten")
        const location = locationOf(at(), { schema })
        const other = runOf(2, "api-2.duosecurity.com")
        yield* perform(postgres, location, first, of(first, 3))
        yield* perform(postgres, location, other, of(other, 3))
        const third = runOf(3)
        yield* perform(postgres, location, third, named(third, "plain", "changed", "plain"), {
          tables_collected: ["things"]
        })
        yield* stage(postgres, location, runOf(4), named(runOf(4), "plain", "staged", "plain"))
        const person = { tenant: first.tenant, user_id: "U1" }
        const forget = (dryRun: boolean, user_id: string, tenant: string | null) =>
          Effect.scoped(
            postgres.forget?.(location, tables, { tenant, user_id }, { dryRun, run_id: "nothing" }) ??
              Effect.die("it can forget")
          )
        const before = yield* tree(at)(location)
        const gone = [{ tenant: person.tenant, table: "things", rows: 2 }]
        assert.deepStrictEqual(yield* forget(true, person.user_id, person.tenant), gone)
        assert.deepStrictEqual(yield* tree(at)(location), before)
        assert.deepStrictEqual(yield* forget(false, person.user_id, person.tenant), gone)
        assert.deepStrictEqual(yield* forget(false, person.user_id, person.tenant), [])
        const left = `SELECT tenant, user_id FROM ${schema}_rows.things WHERE user_id = 'U1'`
        assert.deepStrictEqual(query(at(), left), [{ tenant: other.tenant, user_id: "U1" }])
        assert.strictEqual(counted(schema, "things_sightings"), counted(schema, "things"))
        for (const run of [first, third]) {
          const rows = comparable((yield* readBack(postgres, location, run, things)) ?? [])
          assert.deepStrictEqual(rows.map(({ user_id }) => user_id), ["U0", "U2"])
        }
        assert.deepStrictEqual(yield* forget(false, "U0", null), [
          { tenant: first.tenant, table: "things", rows: 2 },
          { tenant: other.tenant, table: "things", rows: 1 },
          { tenant: first.tenant, table: "others", rows: 1 },
          { tenant: other.tenant, table: "others", rows: 1 }
        ])
        const nowhere = locationOf(at(), { schema: schemaFor("forgotten nowhere") })
        assert.deepStrictEqual(
          yield* Effect.scoped(
            postgres.forget?.(nowhere, tables, person, { dryRun: false, run_id: "nothing" }) ?? Effect.die("it can")
          ),
          []
        )
      }))
  })
})
