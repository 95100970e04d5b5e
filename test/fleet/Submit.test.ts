/** Tenants are handed over to a fleet although its database refuses some statements. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Logger } from "effect"
import * as Submit from "../../src/fleet/Submit.ts"
import * as postgres from "../support/servers/postgres-server.ts"

const tenants = Array.from({ length: 30 }, (_, index) => `tenant ${index}`)

/** Hands tenants over to a database that refuses messages with these errors, one after the other. */
const refused = (...codes: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const server = yield* Effect.acquireRelease(
      Effect.promise(() => postgres.start()),
      ({ stop }) => Effect.promise(() => stop())
    )
    const submit = (names: ReadonlyArray<string>) =>
      Submit.submit(postgres.locationOf(server), {
        pipeline: "mfa",
        tenants: names,
        every: Duration.days(1),
        allowEmpty: false,
        maxShrink: undefined,
        wait: undefined
      })
    yield* submit([]) // makes the tables
    server.psql(`
      CREATE SEQUENCE tries;
      GRANT ALL ON tries TO PUBLIC;
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE code text; BEGIN
        code := (ARRAY['${codes.join("', '")}'])[nextval('public.tries')];
        IF code IS NOT NULL THEN RAISE EXCEPTION 'refused' USING ERRCODE = code, CONSTRAINT = 'cluster_messages_pkey'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON duo_mfa_fleet.cluster_messages FOR EACH ROW EXECUTE FUNCTION refuse()`)
    const exit = yield* Effect.exit(submit(tenants))
    const [{ messages } = {}] = postgres.query(
      server,
      "SELECT count(*) AS messages FROM duo_mfa_fleet.cluster_messages"
    )
    const [{ tries } = {}] = postgres.query(server, "SELECT last_value AS tries FROM tries")
    return { exit, messages, tries }
  }).pipe(Effect.scoped, Effect.provide(Layer.merge(NodeServices.layer, Logger.layer([]))))

describe.runIf(postgres.binaries !== undefined)("handing tenants over", () => {
  it.live(
    "tries again if two processes chose the same id, or if the database is restarting",
    () =>
      Effect.gen(function*() {
        const { exit, messages, tries } = yield* refused("23505", "40001", "57P01", "23505")
        assert.strictEqual(exit._tag, "Success", String(exit))
        assert.deepStrictEqual([messages, tries], [tenants.length, tenants.length + 4])
      }),
    60_000
  )

  it.live("says that the database cannot be used if it refuses for another reason", () =>
    Effect.gen(function*() {
      const { exit } = yield* refused(...tenants.map(() => "42501"))
      assert.match(String(exit), /BadFleetDatabase: The database of the fleet cannot be used: refused\./)
    }), 60_000)
})
