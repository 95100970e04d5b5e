/**
 * Checks that the published files are those of whole runs, with the manifests and with readers that the sinks do not
 * use.
 */
import { Effect, Schema, Stream } from "effect"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import * as Fingerprint from "../../../src/duckdb/Fingerprint.ts"
import { stampOf } from "../../../src/Outcome.ts"
import { Alone, type Receipt } from "../../../src/run/publish/ManifestFile.ts"

type Manifest = typeof Alone.Type
import type { Row, Table } from "../../../src/Table.ts"
import * as readers from "../../support/readers.ts"

export interface Scene {
  readonly folder: string
  readonly data: string
  /** Files with hashes of their contents, without those of unfinished runs: before the fault, and now. */
  readonly before: Readonly<Record<string, string>>
  readonly now: Readonly<Record<string, string>>
  readonly tables: ReadonlyArray<Table>
}

/** A new run that is sealed or published. */
interface New {
  readonly manifest: Manifest
  /** Whether it is published; false if it is only sealed. */
  readonly published: boolean
}

const decode = Schema.decodeSync(Schema.fromJsonString(Alone))

/** New runs, oldest first. */
const newRuns = ({ before, data, folder }: Scene): ReadonlyArray<New> => {
  const runs = join(data, "runs")
  return (existsSync(runs) ? readdirSync(runs).sort() : [])
    .filter((name) => /\.json(\.sealed)?$/.test(name) && !(relative(folder, join(runs, name)) in before))
    .map((name) => ({
      manifest: decode(readFileSync(join(runs, name), "utf8")),
      published: name.endsWith(".json")
    }))
}

const same = ({ fingerprints, rows }: Manifest, table: Table, found: ReadonlyArray<Row>) =>
  Effect.map(
    Fingerprint.ofRows(Stream.make(found), table),
    ({ digest }) => found.length === rows[table.name] && digest === fingerprints[table.name]
  )

const readersOf = { ndjson: readers.ndjson, csv: readers.csv, parquet: readers.parquet, duckdb: readers.duckdb }
type Known = keyof typeof readersOf
const isKnown = (sink: string): sink is Known => sink in readersOf

/** The file of a sink for one table of one run, and the file that all runs share. */
const filesOf = (manifest: Manifest, sink: Known, location: string, { name }: Table) => {
  switch (sink) {
    case "duckdb":
      return { shared: location }
    case "parquet": {
      const own = `${location}/${name}/run_date=${manifest.observed_at.slice(0, 10)}/${manifest.run_id}.parquet`
      return { own, shared: `${location}/current/${name}.parquet` }
    }
    case "ndjson":
      return { own: `${location}/${name}/${manifest.run_id}.ndjson.zst` }
    case "csv":
      return { own: `${location}/${name}/${manifest.run_id}.csv` }
  }
}

/**
 * Whether the ledger's newest run of the tenant is this one. If it is complete, its rows must be the only current ones.
 */
const isNewest = (file: string, { complete, run_id, tenant }: Manifest, table: Table) =>
  Effect.map(
    readers.query(
      file,
      `SELECT (SELECT run_id FROM runs WHERE tenant = '${tenant}' ORDER BY observed_at DESC, run_id DESC LIMIT 1)
        = '${run_id}' AND (${!complete} OR count(*) = 0) AS yes
        FROM ${table.name} WHERE tenant = '${tenant}' AND run_id <> '${run_id}'`
    ),
    ([row]) => row?.["yes"] === true
  )

/** One table of one receipt. */
interface Place {
  readonly run: New
  readonly sink: Known
  readonly location: string
  readonly table: Table
  readonly own?: string
  readonly shared?: string
}

const placesOf = (run: New, tables: ReadonlyArray<Table>) =>
  run.manifest.sinks
    .filter(({ location }) => location !== "-")
    .flatMap(({ location: given, sink }: Receipt) =>
      tables
        .filter(({ name }) => isKnown(sink) && run.manifest.tables_collected.includes(name))
        .flatMap((table): ReadonlyArray<Place> => {
          const location = given.replace(/\?compression=.*$/, "")
          return isKnown(sink) ? [{ run, sink, location, table, ...filesOf(run.manifest, sink, location, table) }] : []
        })
    )

/** Whether a reader finds exactly the rows of the run there. */
const holds = ({ location, run: { manifest }, sink, table }: Place) =>
  Effect.flatMap(
    readersOf[sink](location, stampOf(manifest), table),
    (rows) => same(manifest, table, rows)
  )

/** Whether a file that runs share has the rows of this run for its tenant. */
const shows = (file: string, place: Place) => {
  const { run: { manifest }, sink, table } = place
  if (!existsSync(file)) return Effect.succeed(false)
  return sink === "parquet"
    ? Effect.flatMap(
      readers.parquetFile(file, table.columns),
      ({ rows }) => same(manifest, table, rows.filter(({ tenant }) => tenant === manifest.tenant))
    )
    : Effect.flatMap(isNewest(file, manifest, table), (yes) => yes ? holds(place) : Effect.succeed(false))
}

/** The runs of a tenant that a shared file may have: the last published run, and a sealed run. */
const showable = (runs: ReadonlyArray<New>, tenant: string) => {
  const ofTenant = runs.filter(({ manifest }) => manifest.tenant === tenant)
  return [...ofTenant.filter(({ published }) => published).slice(-1), ...ofTenant.filter(({ published }) => !published)]
}

/** The files that a whole run has not made so, that belong to no run, or that are missing. */
export const wrong = Effect.fnUntraced(function*(scene: Scene) {
  const { before, data, folder, now, tables } = scene
  const name = (file: string) => relative(folder, file)
  const found: Array<string> = []
  const runs = newRuns(scene)
  const places = runs.flatMap((run) => placesOf(run, tables))
  const expected = new Set(runs.map(({ manifest }) => name(join(data, "runs", `${manifest.run_id}.json`))))

  for (const place of places) {
    if (place.own === undefined) continue
    expected.add(name(place.own))
    if (!existsSync(place.own)) {
      if (place.run.published) found.push(`${name(place.own)} of a published run is not there`)
    } else if (!(yield* holds(place))) found.push(`${name(place.own)} does not hold its run`)
  }

  for (const { location, sink } of runs.flatMap(({ manifest }) => manifest.sinks)) {
    const file = join(location.replace(/\?compression=.*$/, ""), "views.sql")
    if (sink !== "parquet" || !existsSync(file)) continue
    expected.add(name(file))
    if (!tables.every((table) => readFileSync(file, "utf8").includes(`VIEW "${table.name}" AS`))) {
      found.push(`${name(file)} does not name all tables`)
    }
  }

  const shared = new Map(places.flatMap((place) => place.shared === undefined ? [] : [[place.shared, place] as const]))
  for (const file of shared.keys()) {
    for (const tenant of new Set(runs.map(({ manifest }) => manifest.tenant))) {
      const writers = runs.filter((run) => places.some((place) => place.run === run && place.shared === file))
      const may = showable(writers, tenant)
      if (now[name(file)] === before[name(file)] && !may.some(({ published }) => published)) continue
      const here = places.filter(({ run, shared }) => shared === file && may.includes(run))
      const verdicts = yield* Effect.forEach(may, (run) =>
        Effect.map(
          Effect.forEach(here.filter((place) => place.run === run), (place) => shows(file, place)),
          (shown) => shown.length > 0 && shown.every((yes) => yes)
        ))
      if (here.length > 0 && !verdicts.includes(true)) found.push(`${name(file)} shows no whole run of ${tenant}`)
    }
  }

  const isShared = (file: string) => shared.has(join(folder, file))
  for (const file of Object.keys(now)) {
    if (now[file] === before[file] || expected.has(file) || isShared(file)) continue
    found.push(before[file] === undefined ? `${file} is of no run` : `${file} was changed`)
  }
  for (const file of Object.keys(before)) if (now[file] === undefined) found.push(`${file} is gone`)
  if (runs.filter(({ published }) => !published).length > 1) found.push("two runs are sealed and not published")
  return found
})
