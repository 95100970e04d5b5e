/**
 * Which file has the newest published run of each pipeline and tenant, so that a run does not read all manifests. It is
 * made of the manifests, and kept in `DATA/.newest-runs.json`. That file says which manifests it was made of. If others
 * are there, or if it is damaged, it is made again.
 */
import { Effect, Path, Schema } from "effect"
import { hash } from "node:crypto"
import * as Private from "../../files/Private.ts"
import { isRetired, type Outcome } from "../../Outcome.ts"
import { RunId } from "../../RunId.ts"
import { format, version } from "../../Version.ts"
import * as ManifestFile from "./ManifestFile.ts"

/** The newest run of a pipeline and a tenant. */
const NewestRun = Schema.Struct({
  pipeline: Schema.String,
  tenant: Schema.String,
  /** The tenant's API host. */
  host: Schema.String,
  retired: Schema.Boolean,
  /** The name of the file that has the run. */
  newest: RunId,
  /** The name of the file that has the newest run that was proved complete. */
  complete: Schema.NullOr(RunId)
})
export interface NewestRun extends Schema.Schema.Type<typeof NewestRun> {}

const Stored = Schema.fromJsonString(Schema.Struct({
  ...ManifestFile.Written.fields,
  /** How many files it was made of, and a hash of their names. */
  files: Schema.Int,
  names: Schema.String,
  runs: Schema.Array(NewestRun)
}))
const encode = Schema.encodeEffect(Stored)

interface Index {
  readonly files: number
  readonly names: string
  readonly runs: ReadonlyMap<string, NewestRun>
}

const hashOf = (ids: ReadonlyArray<string>) => hash("sha256", ids.join("\n"), "hex")

const empty: Index = { files: 0, names: hashOf([]), runs: new Map() }

/** Whether the index was made of the first of these files, and of no other. */
const isOf = ({ files, names }: Index, ids: ReadonlyArray<string>) => names === hashOf(ids.slice(0, files))

type Tenant = Pick<Outcome, "pipeline" | "tenant">

const placeOf = ({ pipeline, tenant }: Tenant) => JSON.stringify([pipeline, tenant])

/**
 * The index of the manifests of a data directory. `ids` are the published files, oldest first, and `manifestsIn` reads one of them;
 * a damaged one has none. The caller must have its lock.
 */
export const make = Effect.fnUntraced(function*<E, R>(
  dataDirectory: string,
  ids: Effect.Effect<ReadonlyArray<string>, E, R>,
  manifestsIn: (id: string) => Effect.Effect<ReadonlyArray<ManifestFile.Manifest>, E, R>
) {
  const file = (yield* Path.Path).join(dataDirectory, ".newest-runs.json")

  /** The index of all files: an index of the first of them, and the manifests of the rest. */
  const extend = Effect.fnUntraced(function*(all: ReadonlyArray<string>, start: Index) {
    const runs = new Map(start.runs)
    for (const id of all.slice(start.files)) {
      for (const manifest of yield* manifestsIn(id)) {
        const place = placeOf(manifest)
        runs.set(place, {
          pipeline: manifest.pipeline,
          tenant: manifest.tenant,
          host: manifest.host ?? manifest.tenant,
          retired: isRetired(manifest),
          newest: id,
          complete: manifest.complete ? id : runs.get(place)?.complete ?? null
        })
      }
    }
    const index: Index = { files: all.length, names: hashOf(all), runs }
    return index
  })

  const stored = ManifestFile.read(Stored, file, ManifestFile.isSigned).pipe(
    Effect.map(({ runs, ...index }): Index => ({ ...index, runs: new Map(runs.map((run) => [placeOf(run), run])) })),
    Effect.orElseSucceed(() => empty)
  )

  /** The index that was found last. The lock keeps other processes from publishing. */
  let found = empty

  const find = Effect.gen(function*() {
    const all = yield* ids
    const start = found.files > 0 && isOf(found, all) ? found : yield* stored
    return found = yield* extend(all, isOf(start, all) ? start : empty)
  })

  const current = Effect.suspend(() => found === empty ? find : Effect.succeed(found))

  return {
    /** The newest run of a pipeline and a tenant; undefined if none is published. */
    of: (tenant: Tenant) => Effect.map(current, ({ runs }) => runs.get(placeOf(tenant))),

    /** The newest run of each pipeline and tenant, the newest first. */
    all: Effect.map(current, ({ runs }) => [...runs.values()].toSorted((a, b) => a.newest < b.newest ? 1 : -1)),

    /** Makes the index again from all files, because one of them has changed. */
    again: Effect.gen(function*() {
      found = yield* extend(yield* ids, empty)
    }),

    /** Adds a new file, and keeps the index. It can be made again, so a failure does not matter. */
    update: Effect.gen(function*() {
      const { runs, ...index } = yield* find
      const text = yield* encode({ format, tool_version: version, ...index, runs: [...runs.values()] })
      yield* Private.write(file, ManifestFile.signed(text))
    }).pipe(Effect.ignore)
  }
})
