/** Why the sink for PostgreSQL failed: each cause has its own reason, which tells no value of a row. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import postgres from "../../sinks/postgres.ts"
import { outcomeOf, plain, rowsOf, runOf } from "../laws/rows.ts"
import { finished, perform, stage } from "../laws/sink.ts"
import { locationOf, secret, tree } from "../support/servers/postgres-server.ts"
import { environment } from "../support/servers/real-host.ts"
import { failure, first, hasServer, of, openingAt, schemaFor, second, serverOfFile } from "./postgres-sink.ts"

const at = serverOfFile()

const { opened, refused } = openingAt(at)

describe.skipIf(!hasServer)("with a PostgreSQL", () => {
  layer(NodeServices.layer)("the reason of a failure is right", (it) => {
    it.effect("for a wrong password, a missing database and missing rights", () =>
      Effect.gen(function*() {
        const missing = [
          "CannotCreate",
          "the server requires a password, and neither PGPASSWORD nor PGPASSFILE has one"
        ]
        assert.deepStrictEqual(yield* refused({ user: "locked" }), missing)
        const [, wrong] = yield* refused({ user: "locked" }, { PGPASSWORD: "wr0ng" })
        assert.match(wrong ?? "", /^password authentication failed for user "locked" \(is the password right/)
        yield* opened({ user: "locked", schema: schemaFor("locked") }, { PGPASSWORD: secret })
        assert.deepStrictEqual(yield* refused({ database: "nowhere" }), [
          "CannotCreate",
          "database \"nowhere\" does not exist"
        ])
        assert.deepStrictEqual(yield* refused({ user: "stranger" }), [
          "CannotCreate",
          "permission denied for database reports"
        ])
        const schema = schemaFor("rights")
        yield* perform(postgres, locationOf(at(), { schema }), first, of(first, 1))
        const denied = (rights: string, object: string, kind = "table") => {
          at().psql(`GRANT USAGE ON SCHEMA ${schema}_rows TO stranger; GRANT ${rights} TO stranger`)
          const expected = ["CannotCreate", `permission denied for ${kind} ${object}`]
          return Effect.map(
            refused({ schema, user: "stranger" }),
            (told) => assert.deepStrictEqual(told, expected, rights)
          )
        }
        yield* denied(`SELECT ON ALL TABLES IN SCHEMA ${schema}_rows`, "runs")
        yield* denied(`INSERT ON ${schema}_rows.runs`, "places")
        yield* denied(`INSERT ON ALL TABLES IN SCHEMA ${schema}_rows`, "runs")
        yield* denied(`UPDATE ON ${schema}_rows.runs`, "things_sightings")
        yield* denied(`UPDATE ON ALL TABLES IN SCHEMA ${schema}_rows`, "runs")
        yield* denied(`DELETE ON ALL TABLES IN SCHEMA ${schema}_rows`, "numbers", "sequence")
        at().psql(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema}_rows TO stranger`)
        yield* opened({ schema, user: "stranger" })
        at().psql("REVOKE TEMPORARY ON DATABASE reports FROM PUBLIC")
        assert.deepStrictEqual(yield* refused({ schema, user: "stranger" }), [
          "CannotCreate",
          "permission denied to create temporary tables in database \"reports\""
        ])
        at().psql("GRANT TEMPORARY ON DATABASE reports TO PUBLIC")
      }))

    it.effect("for a server that does not answer, and for one that ends the connection during a run", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* refused({ host: "127.0.0.1", port: 1 }), ["Unreachable", "ECONNREFUSED"])
        const schema = schemaFor("away")
        const location = locationOf(at(), { schema })
        const [tag] = yield* failure(Effect.scoped(Effect.gen(function*() {
          const { seal } = yield* postgres.open(location, first, "/nowhere")
          const rows = yield* finished([{ run: first, rows: of(first, 1) }])
          at().psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'duo-mfa'")
          return yield* seal([outcomeOf(first, of(first, 1))], rows)
        })))
        assert.strictEqual(tag, "Unreachable")
        assert.deepStrictEqual(yield* tree(at)(location), {})
      }))

    it.effect("for a full disk, and for a rejected row, of which the error has only the column", () =>
      Effect.gen(function*() {
        const schema = schemaFor("triggers")
        const location = locationOf(at(), { schema })
        yield* perform(postgres, location, first, of(first, 1))
        const failing = (code: string) =>
          at().psql(`CREATE OR REPLACE FUNCTION ${schema}.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'no room for %', NEW.name USING ERRCODE = '${code}', DETAIL = NEW.name; END $$;
            CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON ${schema}_rows.things FOR EACH ROW EXECUTE FUNCTION ${schema}.fail()`)
        const failed = failure(stage(postgres, location, second, of(second, 2)))
        failing("53100")
        assert.deepStrictEqual(yield* failed, ["DiskFull"])
        failing("23514")
        assert.deepStrictEqual(yield* failed, ["InputOutput", "SQLSTATE 23514"])
        const early = { things: rowsOf(runOf(3), [{ ...plain, moment: -90_000_000_000_000_000n }]) }
        assert.deepStrictEqual(
          yield* failure(stage(postgres, locationOf(at(), { schema: schemaFor("early") }), runOf(3), early)),
          ["InputOutput", "the server rejected a value of the column moment (22009)"]
        )
      }))

    it.effect("for a certificate that sslmode does not accept, whatever the environment says", () =>
      Effect.gen(function*() {
        yield* environment({ NODE_TLS_REJECT_UNAUTHORIZED: "0" })
        const tcp = { host: "127.0.0.1", schema: schemaFor("tls") }
        const untrusted = ["CannotCreate", "the server's certificate cannot be trusted (DEPTH_ZERO_SELF_SIGNED_CERT)"]
        yield* opened({ ...tcp, sslmode: "require" })
        assert.deepStrictEqual(yield* refused({ ...tcp, sslmode: "verify-full" }), untrusted)
        assert.deepStrictEqual(yield* refused({ ...tcp, sslmode: "verify-ca" }), untrusted)
        const trusted = { ...tcp, sslrootcert: at().certificate }
        yield* opened({ ...trusted, sslmode: "verify-full" })
        yield* opened({ ...trusted, sslmode: "verify-ca" })
        // 0.0.0.0 reaches the same server by a name that is not in its certificate
        const other = { ...trusted, host: "0.0.0.0" }
        yield* opened({ ...other, sslmode: "verify-ca" })
        assert.deepStrictEqual(yield* refused({ ...other, sslmode: "verify-full" }), [
          "CannotCreate",
          "the server's certificate cannot be trusted (ERR_TLS_CERT_ALTNAME_INVALID)"
        ])
      }))
  })
})
