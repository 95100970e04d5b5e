/** The newest run of each tenant is found without reading all manifests, and is the same as if all were read. */
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, FileSystem, Result, Schema } from "effect"
import type { Outcome } from "../../../src/Outcome.ts"
import * as KnownNames from "../../../src/run/KnownNames.ts"
import * as Manifest from "../../../src/run/publish/Manifest.ts"
import type { FingerprintedRun } from "../../../src/run/publish/ManifestFile.ts"
import { outcomeOf, runOf } from "../../laws/rows.ts"
import { inTemporary, pipeline } from "../spy-sink.ts"

/** A published run of a tenant. The ids of the runs sort by their numbers. */
const published = (number: number, tenant: string, changes: Partial<Outcome> = {}): FingerprintedRun => ({
  ...outcomeOf(runOf(number, tenant), {}),
  pipeline: "people",
  run_id: `20260101T${String(number).padStart(9, "0")}Z-000000`,
  rows: { people: 1 },
  ...changes,
  fingerprints: {}
})

/** Publishes runs together. */
const publish = Effect.fnUntraced(
  function*(manifests: Manifest.Manifests, runs: Array.NonEmptyReadonlyArray<FingerprintedRun>) {
    const { run_id } = Array.lastNonEmpty(runs)
    yield* manifests.open(run_id, [])
    yield* manifests.seal(runs, { fingerprint_algorithm: "md5-sum", columns: {}, sinks: [] })
    yield* manifests.published(run_id)
  }
)

const index = (directory: string) => `${directory}/.newest-runs.json`

interface Directory {
  readonly directory: string
  /** The index as it was after one of the rounds. */
  readonly earlier: string
  /** The manifests, oldest first. */
  readonly files: ReadonlyArray<string>
}

/** What may happen to a data directory between two runs. */
const events: Readonly<
  Record<
    string,
    (given: Directory) => Effect.Effect<unknown, unknown, Effect.Services<ReturnType<typeof publish>>>
  >
> = {
  nothing: () => Effect.void,
  "the index is gone": ({ directory }) => remove(index(directory)),
  "the index is damaged": ({ directory }) => change(index(directory), (text) => text.replace("tenant", "tenants")),
  "an older index comes back": ({ directory, earlier }) => change(index(directory), () => earlier),
  "the oldest manifest is gone": ({ files }) => remove(files[0] ?? ""),
  "the newest manifest is gone": ({ files }) => remove(files.at(-1) ?? ""),
  "the newest manifest is damaged": ({ files }) => change(files.at(-1) ?? "", (text) => text.slice(9)),
  "an older run is published": ({ directory }) =>
    Effect.flatMap(Manifest.make(directory), (manifests) => publish(manifests, [published(0, "a")]))
}

const remove = (file: string) => Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.ignore(fs.remove(file)))

const change = (file: string, how: (text: string) => string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    fs.readFileString(file).pipe(
      Effect.flatMap((text) => fs.writeFileString(file, how(text))),
      Effect.catchReason("PlatformError", "NotFound", () => Effect.void)
    ))

const tenants = ["a", "b", "c", "nobody"]

/** The newest run of each tenant, from all manifests. */
const slowly = Effect.fnUntraced(function*({ each }: Manifest.Manifests) {
  const all = (yield* each).flatMap(({ manifests }) =>
    Result.isSuccess(manifests) ? manifests.success.toReversed() : []
  )
  return tenants.map((tenant) => {
    const own = all.filter((run) => run.tenant === tenant)
    return [own[0]?.run_id, own.find(({ complete }) => complete)?.run_id]
  })
})

const quickly = (manifests: Manifest.Manifests) =>
  Effect.forEach(
    tenants,
    Effect.fnUntraced(function*(tenant) {
      const run = { pipeline: "people", tenant }
      return [(yield* manifests.newest(run))?.run_id, (yield* manifests.newest(run, "complete"))?.run_id]
    })
  )

describe("the newest run of a tenant", () => {
  const Rounds = Schema.Array(
    Schema.Struct({ tenants: Schema.NonEmptyArray(Schema.Literals(["a", "b", "c"])), complete: Schema.Boolean })
  ).check(Schema.isMaxLength(8))

  for (const [name, happen] of Object.entries(events)) {
    it.effect.prop(
      `is the same as if all manifests were read: ${name}`,
      { rounds: Rounds, kept: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 })) },
      ({ kept, rounds }) =>
        inTemporary(Effect.fnUntraced(function*(directory) {
          const fs = yield* FileSystem.FileSystem
          let earlier = ""
          for (const [n, { complete, tenants }] of rounds.entries()) {
            const manifests = yield* Manifest.make(directory)
            const runs = Array.map(
              Array.dedupe(tenants),
              (tenant, m) => published(n * 10 + m + 1, tenant, { complete })
            )
            yield* publish(manifests, runs)
            assert.deepStrictEqual(yield* quickly(manifests), yield* slowly(manifests))
            if (n === kept) earlier = yield* fs.readFileString(index(directory))
          }
          const names = rounds.length === 0 ? [] : yield* fs.readDirectory(`${directory}/runs`)
          const files = names.toSorted().map((file) => `${directory}/runs/${file}`)
          yield* happen({ directory, earlier, files })
          const manifests = yield* Manifest.make(directory)
          assert.deepStrictEqual(yield* quickly(manifests), yield* slowly(manifests))
        })),
      { arbitrary: { runs: 8 }, timeout: 60_000 }
    )
  }

  it.effect("is found by reading no more than one manifest, even for a tenant that has none", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      for (const n of Array.range(1, 30)) {
        yield* publish(yield* Manifest.make(directory), [published(n, n === 3 ? "long ago" : "often")])
      }
      const fs = yield* FileSystem.FileSystem
      const read: globalThis.Array<string> = []
      const counting: FileSystem.FileSystem = {
        ...fs,
        readFileString: (path, encoding) => {
          if (path.startsWith(`${directory}/runs`)) read.push(path)
          return fs.readFileString(path, encoding)
        }
      }
      yield* Effect.gen(function*() {
        const manifests = yield* Manifest.make(directory)
        assert.isUndefined(yield* manifests.newest({ pipeline: "people", tenant: "never" }))
        assert.lengthOf((yield* KnownNames.read(manifests, pipeline())).all, 2)
        assert.isEmpty(read)
        assert.isDefined(yield* manifests.newest({ pipeline: "people", tenant: "long ago" }))
        assert.lengthOf(read, 1)
      }).pipe(Effect.provideService(FileSystem.FileSystem, counting))
    })))
})

describe("the names of a host", () => {
  const namesOf = (directory: string) =>
    Effect.flatMap(Manifest.make(directory), (manifests) => KnownNames.read(manifests, pipeline()))

  const host = "api-anna.duosecurity.com"

  /** Many runs of another tenant. */
  const muchLater = Effect.fnUntraced(function*(directory: string) {
    const manifests = yield* Manifest.make(directory)
    for (const n of Array.range(100, 130)) yield* publish(manifests, [published(n, "zoe")])
  })

  it.effect("are known however long ago they were published", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      yield* publish(yield* Manifest.make(directory), [published(1, "anna", { host })])
      yield* muchLater(directory)
      const names = yield* namesOf(directory)
      assert.strictEqual(names.other("ann", host), "anna")
      assert.include((yield* Effect.flip(names.refuseOther("ann", host))).message, "was published as anna before")
      assert.sameMembers([...names.all], ["anna", "zoe"])
    })))

  it.effect("are free again when the tenant is retired", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      yield* publish(yield* Manifest.make(directory), [published(1, "anna", { host })])
      yield* publish(yield* Manifest.make(directory), [
        published(2, "anna", { host, requests: 0, rows: { people: 0 } })
      ])
      yield* muchLater(directory)
      const names = yield* namesOf(directory)
      yield* names.refuseOther("ann", host)
      assert.deepStrictEqual(names.all, ["zoe"])
    })))
})
