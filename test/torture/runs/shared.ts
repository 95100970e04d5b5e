/** W1: runs of two data directories publish into the same ledger, Parquet directory and PostgreSQL database. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Schema } from "effect"
import { globSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { basename, join } from "node:path"
import { users as usersTable } from "../../../pipelines/mfa/Tables.ts"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import { Alone } from "../../../src/run/publish/ManifestFile.ts"
import { type Ended, settings } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"
import * as postgres from "../../support/servers/postgres-server.ts"
import { type Case, type Reached, repeat } from "../Case.ts"
import * as Site from "../support/Site.ts"

/** The shared place, and the runs that are in it. */
interface Place {
  readonly sinks: ReadonlyArray<string>
  readonly ledger: string
  readonly parquet: string
  /** The ids of the runs that are seen in the database. */
  readonly inDatabase: (() => ReadonlyArray<string>) | undefined
  readonly clear: () => void
}

const placeAt = (folder: string, server: postgres.Server | undefined): Place => {
  const ledger = join(folder, "l.duckdb")
  const parquet = join(folder, "parquet")
  const schema = "duo_mfa"
  return {
    ledger,
    parquet,
    sinks: [`duckdb:${ledger}`, `parquet:${parquet}`, ...server === undefined ? [] : [postgres.locationOf(server)]],
    inDatabase: server === undefined
      ? undefined
      : () => server.psql(`SELECT run_id FROM ${schema}.runs`).split("\n"),
    clear: () => {
      for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
      server?.psql(`DROP SCHEMA IF EXISTS ${schema} CASCADE; DROP SCHEMA IF EXISTS ${schema}_rows CASCADE`)
    }
  }
}

const extracting = ({ sinks }: Place, ...more: ReadonlyArray<string>) => [
  "extract",
  ...sinks.flatMap((sink) => ["--sink", sink]),
  ...more
]

const decode = Schema.decodeSync(Schema.fromJsonString(Alone))

/** The runs that a data directory's manifests say are published in the shared place. */
const manifests = ({ data }: Site.Site, { ledger }: Place) =>
  globSync(`${data}/runs/*.json`)
    .map((file) => decode(readFileSync(file, "utf8")))
    .filter(({ sinks }) => sinks.some(({ location }) => location === ledger))

/** Checks that every published run is there, and that the current rows are those of each tenant's last run. */
const nothingIsLost = Effect.fnUntraced(function*(place: Place, sites: ReadonlyArray<Site.Site>) {
  const runs = sites.flatMap((site) => manifests(site, place)).sort((a, b) => a.run_id < b.run_id ? -1 : 1)
  const ids = runs.map(({ run_id }) => run_id)
  const inLedger = yield* readers.query(place.ledger, "SELECT run_id FROM runs")
  assert.includeMembers(inLedger.map(({ run_id }) => run_id), ids, "the ledger")
  const files = globSync(`${place.parquet}/users/run_date=*/*.parquet`).map((file) => basename(file, ".parquet"))
  assert.includeMembers(files, ids, "Parquet")
  if (place.inDatabase !== undefined) assert.includeMembers([...place.inDatabase()], ids, "PostgreSQL")
  const { rows } = yield* readers.parquetFile(`${place.parquet}/current/users.parquet`, usersTable.columns)
  for (const tenant of new Set(runs.map((run) => run.tenant))) {
    const last = runs.findLast((run) => run.tenant === tenant)?.run_id
    const shown = rows.filter((row) => row["tenant"] === tenant)
    assert.deepStrictEqual([...new Set(shown.map(({ run_id }) => run_id))], [last], "current/users.parquet")
    assert.lengthOf(shown, Site.users)
    assert.deepStrictEqual(
      yield* readers.query(
        place.ledger,
        `SELECT count(*)::INT AS n, count(DISTINCT run_id)::INT AS runs FROM users WHERE tenant = '${tenant}'`
      ),
      [{ n: Site.users, runs: 1 }]
    )
  }
})

/** Checks that nothing is left of a run that ended with 75. */
const changedNothing = (site: Site.Site, before: number) => {
  assert.lengthOf(readdirSync(`${site.data}/runs`), before, "a run that was refused has left something")
}

/** The renames of a run without another one, and about how many of them publish. */
const renames = 24

const pair = (one: Site.Site, two: Site.Site, place: Place) => (seed: number) =>
  Effect.gen(function*() {
    const dice = new Dice(seed)
    if (seed % 10 === 0) {
      place.clear()
      yield* one.reset
      yield* two.reset
    }
    const begin = (site: Site.Site, env: Readonly<Record<string, string>>, ...more: ReadonlyArray<string>) =>
      site.begin(extracting(place, ...more), env).ended
    // of one tenant, or of two
    const same = dice.chance(50) ? settings(one.duo) : {}
    const killed = dice.chance(50) ? { TORTURE_KILL: `${1 + dice.below(renames)} rename` } : {}
    const together = dice.chance(50)
    const before = [one, two].map((site) => readdirSync(`${site.data}/runs`).length)
    const first = begin(one, killed)
    if (!together) yield* Effect.promise(() => first)
    const second = begin(two, same)
    const ended: ReadonlyArray<Ended> = yield* Effect.promise(() => Promise.all([first, second]))
    for (const [index, { code, stderr }] of ended.entries()) {
      assert.include(index === 0 && killed.TORTURE_KILL !== undefined ? [0, 75, null] : [0, 75], code, stderr)
      if (code === 75) changedNothing([one, two][index] ?? one, before[index] ?? 0)
    }
    // whichever run was first, running again is enough
    const again = yield* Effect.promise(() =>
      Promise.all([begin(one, {}, "--wait", "5m"), begin(two, same, "--wait", "5m")])
    )
    for (const { code, stderr } of again) assert.strictEqual(code, 0, stderr)
    yield* nothingIsLost(place, [one, two])
    const said = again.map(({ stderr }) => stderr).join()
    const kind = ended.some(({ code }) => code === null)
      ? "killed"
      : ended.some(({ code }) => code === 75)
      ? "75"
      : "both"
    return {
      [kind]: 1,
      ...said.includes("Discarding run") && said.includes("was whole") ? { "whole, and discarded": 1 } : {},
      ...said.includes("Publishing run") ? { "rolled forward": 1 } : {},
      ...said.includes("Waiting") ? { waited: 1 } : {}
    } satisfies Reached
  })

export const cases: ReadonlyArray<Case> = [{
  id: "W1",
  fault: "runs of two data directories into the same ledger, Parquet directory and PostgreSQL database; one is killed",
  expected:
    "both runs are published, or one ended with 75 and changed nothing; no run is lost, and the next run recovers",
  n: { test: 1, torture: 200 },
  // with this seed, the first run is killed while it publishes
  seed: 39,
  run: (plan) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const server = postgres.binaries === undefined ? undefined : yield* Effect.acquireRelease(
        Effect.promise(() => postgres.start()),
        (server) => Effect.promise(server.stop)
      )
      const place = placeAt(yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-torture-" }), server)
      const [one, two] = [yield* Site.make(), yield* Site.make()]
      for (const site of [one, two]) {
        yield* site.good(["ndjson"])
        yield* site.keep
      }
      return yield* repeat(plan, pair(one, two, place))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
}]
