import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, FileSystem, Runtime, Stream } from "effect"
import { CannotCreate, InputOutput, SinkError, type SinkFailure } from "../../src/failure/SinkError.ts"
import type { Facts } from "../../src/Outcome.ts"
import type { Pipeline } from "../../src/Pipeline.ts"
import * as Manifest from "../../src/run/publish/Manifest.ts"
import * as Run from "../../src/run/Run.ts"
import type { Sink } from "../../src/Sink.ts"
import * as Table from "../../src/Table.ts"
import * as RowPipeline from "../support/row-pipeline.ts"

const people = Table.make({
  name: "people",
  doc: "Somebody.",
  key: ["user_id"],
  columns: { ...Table.common, user_id: Table.id("Who.") }
})

const failure = new SinkError({
  sink: "broken",
  location: "/nowhere",
  reason: new InputOutput({ detail: "it broke" })
})

/** A pipeline with two pages of two people, or one page of `count`. An effect after them can be given. */
const pipeline = (
  { people: count, ...options }: Pick<RowPipeline.Options, "after" | "more" | "read"> & { readonly people?: number } =
    {}
): Pipeline =>
  RowPipeline.make({
    name: "people",
    tables: [people],
    rows: (stamp) =>
      (count === undefined ? [["a", "b"], ["c", "d"]] : [Array.from({ length: count }, String)])
        .map((page) => ({ people: page.map((user_id) => ({ ...stamp, user_id })) })),
    ...options
  })

type Verb = "open" | "seal" | "publish"

/** A sink that records its calls, and fails where a test says so. */
const spy = (
  name: string,
  log: Array<string>,
  fails: Partial<Record<Verb, Effect.Effect<never, SinkFailure>>> = {}
) => {
  const verb = (what: Verb) =>
    Effect.suspend(() => {
      log.push(`${name} ${what}`)
      return fails[what] ?? Effect.void
    })
  const sink: Sink = {
    name,
    doc: "Writes down what is asked of it.",
    location: () => "/nowhere",
    open: () =>
      Effect.as(Effect.acquireRelease(verb("open"), () => Effect.sync(() => log.push(`${name} close`))), {
        seal: () => Effect.as(verb("seal"), { bytes: 1, publication: { by: name } })
      }),
    publish: (publication) =>
      Effect.andThen(verb("publish"), Effect.sync(() => assert.deepStrictEqual(publication, { by: name }))),
    discard: () => Effect.sync(() => void log.push(`${name} discard`)),
    read: () => Effect.undefined
  }
  return sink
}

/** A list of objects with nested objects, and in how many of them each field is filled. */
const saying = (fields: Facts["fields"]) => {
  const kinds = Map.groupBy(Object.entries(fields), ([field]) => field.split(".")[0] ?? "")
  const objects = (kind: string) => {
    const of = kinds.get(kind) ?? []
    return Array.from(
      { length: of[0]?.[1].of ?? 0 },
      (_, at) => Object.fromEntries(of.map(([field, { filled }]) => [field.split(".")[1], at < filled ? "x" : null]))
    )
  }
  const columns = (kind: string) => (kinds.get(kind) ?? []).map(([field]) => field.split(".")[1] ?? "")
  const inner = [...kinds.keys()].filter((kind) => kind !== "persons")
  return {
    list: {
      name: "persons",
      object: "a person",
      columns: {
        id: "VARCHAR",
        ...Object.fromEntries(columns("persons").map((name) => [name, "VARCHAR"])),
        ...Object.fromEntries(
          inner.map((kind) => [kind, `STRUCT(${columns(kind).map((name) => `"${name}" VARCHAR`).join(", ")})[]`])
        )
      },
      id: "id",
      created: "created"
    },
    objects: objects("persons").map((person, at) => ({
      id: null,
      ...person,
      ...Object.fromEntries(inner.map((kind) => [kind, at === 0 ? objects(kind) : []]))
    }))
  }
}

const options = (dataDirectory: string, sinks: ReadonlyArray<Sink>): Run.RunOptions => ({
  dataDirectory,
  sinks: sinks.map(({ name }) => ({ sink: name, location: `/nowhere/${name}` })),
  findSink: (name) => {
    const found = sinks.find((sink) => sink.name === name)
    return found === undefined ? Effect.die(`no sink ${name}`) : Effect.succeed(found)
  },
  toolVersion: "0",
  pageSize: undefined,
  concurrency: 1,
  allowEmpty: false
})

const inTemporary = <A, E, R>(test: (directory: string) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped()).pipe(
    Effect.flatMap(test),
    Effect.provide(NodeServices.layer)
  )

describe("a run", () => {
  it.effect("seals every sink before it publishes any, and writes the sealed manifest in between", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const fs = yield* FileSystem.FileSystem
      const log: Array<string> = []
      const result = yield* Run.run(pipeline(), options(directory, [spy("one", log), spy("two", log)]))
      assert.deepStrictEqual(
        [...new Set(log.map((line) => line.split(" ")[1]))],
        ["open", "seal", "publish", "close"]
      )
      assert.deepStrictEqual(yield* fs.readDirectory(`${directory}/runs`), [`${result.outcome.run_id}.json`])
      const [manifest] = yield* (yield* Manifest.make(directory)).all
      assert.deepStrictEqual(manifest?.sinks.map(({ rows, sink }) => [sink, rows]), [
        ["one", { people: 4 }],
        ["two", { people: 4 }]
      ])
      assert.strictEqual(manifest?.rows.people, 4)
    })))

  for (const verb of ["open", "seal"] as const) {
    it.effect(`that fails at ${verb} publishes nowhere and leaves nothing`, () =>
      inTemporary(Effect.fnUntraced(function*(directory) {
        const fs = yield* FileSystem.FileSystem
        const log: Array<string> = []
        const sinks = [spy("good", log), spy("broken", log, { [verb]: Effect.fail(failure) })]
        const error = yield* Effect.flip(Run.run(pipeline(), options(directory, sinks)))
        assert.strictEqual(error, failure)
        assert.isFalse(log.some((line) => line.endsWith("publish")))
        assert.includeMembers(log, ["good discard", "broken discard"])
        assert.deepStrictEqual(yield* fs.readDirectory(`${directory}/runs`), [])
      })))
  }

  it.effect("whose source fails publishes nowhere", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const log: Array<string> = []
      const source = pipeline({ after: Effect.fail(failure) })
      yield* Effect.flip(Run.run(source, options(directory, [spy("good", log)])))
      assert.deepStrictEqual(log, ["good open", "good close", "good discard"])
    })))

  it.effect("that is interrupted publishes nowhere and leaves nothing", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const fs = yield* FileSystem.FileSystem
      const log: Array<string> = []
      const reached = yield* Deferred.make<void>()
      const source = pipeline({ after: Effect.andThen(Deferred.succeed(reached, undefined), Effect.never) })
      const fiber = yield* Effect.forkChild(Run.run(source, options(directory, [spy("good", log)])))
      yield* Deferred.await(reached)
      yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.strictEqual(log.at(-1), "good discard")
      assert.deepStrictEqual(yield* fs.readDirectory(`${directory}/runs`), [])
    })))

  it.effect("that could not publish everywhere is published by the next run, before anything else", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const fs = yield* FileSystem.FileSystem
      const log: Array<string> = []
      const good = spy("good", log)
      const failing = options(directory, [good, spy("late", log, { publish: Effect.fail(failure) })])
      const error = yield* Effect.flip(Run.run(pipeline(), failing))
      assert.include(error.message, "the next run publishes it first")
      assert.isFalse(log.some((line) => line.endsWith("discard")))
      log.length = 0
      yield* Run.run(pipeline(), options(directory, [good, spy("late", log)]))
      assert.deepStrictEqual(log.slice(0, 3), ["good publish", "late publish", "good open"])
      assert.strictEqual((yield* fs.readDirectory(`${directory}/runs`)).length, 2)
      assert.strictEqual((yield* (yield* Manifest.make(directory)).all).length, 2)
    })))

  it.effect("whose process was killed while it staged is discarded by the next run, in all of its sinks", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const log: Array<string> = []
      const manifests = yield* Manifest.make(directory)
      yield* manifests.open("20260101T000000000Z-000000", [{ sink: "other", location: `${directory}/other` }])
      const { findSink } = options(directory, [spy("good", log), spy("other", log)])
      yield* Run.run(pipeline(), { ...options(directory, [spy("good", log)]), findSink })
      assert.deepStrictEqual(log.slice(0, 2), ["other discard", "good open"])
      assert.deepStrictEqual(yield* manifests.unfinished, [])
    })))

  it.effect("whose sink is gone does not stop the next run, and is not forgotten", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const fs = yield* FileSystem.FileSystem
      const manifests = yield* Manifest.make(directory)
      yield* manifests.open("20260101T000000000Z-000000", [{ sink: "gone", location: "/nowhere/gone" }])
      yield* fs.writeFileString(`${directory}/runs/20260101T000000000Z-000001.json.open.part`, "half of it")
      const given = options(directory, [spy("good", [])])
      const missing = new SinkError({ sink: "gone", location: "gone", reason: new InputOutput({ detail: "no" }) })
      yield* Run.run(pipeline(), {
        ...given,
        findSink: (name) => name === "gone" ? Effect.fail(missing) : given.findSink(name)
      })
      assert.deepStrictEqual((yield* manifests.unfinished).map(({ run_id }) => run_id), ["20260101T000000000Z-000000"])
      assert.strictEqual((yield* fs.readDirectory(`${directory}/runs`)).length, 2)
    })))

  it.effect("that could not be discarded is discarded by a later run", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const log: Array<string> = []
      const manifests = yield* Manifest.make(directory)
      const id = "20260101T000000000Z-000000"
      yield* manifests.open(id, [{ sink: "good", location: "/nowhere/good" }])
      const good = spy("good", log)
      const failing: Sink = {
        ...good,
        discard: (location, run_id) => run_id === id ? Effect.fail(failure) : good.discard(location, run_id)
      }
      yield* Run.run(pipeline(), options(directory, [failing]))
      assert.deepStrictEqual((yield* manifests.unfinished).map(({ run_id }) => run_id), [id])
      log.length = 0
      yield* Run.run(pipeline(), options(directory, [good]))
      assert.deepStrictEqual(log.slice(0, 2), ["good discard", "good open"])
      assert.deepStrictEqual(yield* manifests.unfinished, [])
    })))

  it.effect("that is interrupted after it was sealed leaves nothing that could be published", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const fs = yield* FileSystem.FileSystem
      const log: Array<string> = []
      // as soon as the manifest is sealed
      const interrupting: FileSystem.FileSystem = {
        ...fs,
        rename: (from, to) =>
          Effect.andThen(
            fs.rename(from, to),
            to.endsWith(".sealed")
              ? Effect.withFiber<void>((fiber) => Effect.sync(() => fiber.interruptUnsafe(fiber.id)))
              : Effect.void
          )
      }
      const fiber = yield* Run.run(pipeline(), options(directory, [spy("good", log)])).pipe(
        Effect.provideService(FileSystem.FileSystem, interrupting),
        Effect.forkChild
      )
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.include(log, "good seal")
      assert.notInclude(log, "good publish")
      assert.strictEqual(log.at(-1), "good discard")
      assert.deepStrictEqual(yield* fs.readDirectory(`${directory}/runs`), [])
    })))

  it.effect("gives every sink all rows after everything was read", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const log: Array<string> = []
      const counting = (name: string): Sink => ({
        ...spy(name, log),
        open: () =>
          Effect.succeed({
            seal: ([{ run_id } = { run_id: "" }], rows) =>
              Effect.gen(function*() {
                const streamed = (yield* Stream.runCollect(rows.stream(people, run_id))).flat()
                const counted = yield* rows.session.all(`SELECT count(*) FROM rows.people WHERE run_id = '${run_id}'`)
                log.push(`${name} ${streamed.map(({ user_id }) => user_id).toSorted().join("")} ${counted[0]?.[0]}`)
                return { bytes: 0, publication: { by: name } }
              })
          })
      })
      yield* Run.run(pipeline(), options(directory, [counting("one"), counting("two")]))
      assert.sameMembers(log.slice(0, 2), ["one abcd 4", "two abcd 4"])
    })))

  it.effect("adds the sink's name and location to a reason, and does not change an error that has them", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const reason = new InputOutput({ detail: "it broke" })
      for (const given of [reason, { ...reason }, failure] as ReadonlyArray<InputOutput | SinkError>) {
        for (const verb of ["open", "seal"] as const) {
          const sinks = [spy("broken", [], { [verb]: Effect.fail(given) })]
          const error = yield* Effect.flip(Run.run(pipeline(), options(directory, sinks)))
          assert(error instanceof SinkError)
          assert.deepInclude(error.reason, { _tag: "InputOutput", detail: "it broke" })
          assert.strictEqual(error.location, given === failure ? "/nowhere" : "/nowhere/broken")
        }
      }
    })))

  it.effect("is refused if the tenant has lost everybody, unless that is allowed", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const log: Array<string> = []
      const given = options(directory, [spy("good", log)])
      yield* Run.run(pipeline({ people: 101 }), given)
      log.length = 0
      const refused = yield* Effect.flip(Run.run(pipeline({ people: 0 }), given))
      assert.strictEqual(Runtime.getErrorExitCode(refused), 4)
      assert.match(refused.message, /has no people, and had 101 in the run before\..*--allow-empty/)
      assert.isFalse(log.includes("good publish"))
      yield* Run.run(pipeline({ people: 0 }), { ...given, allowEmpty: true })
      assert.isTrue(log.includes("good publish"))
    })))

  it.effect("is compared with the last complete run, because an incomplete run removes nobody", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const given = options(directory, [spy("good", [])])
      yield* Run.run(pipeline({ people: 101 }), given)
      yield* Run.run(pipeline({ people: 60, read: { doubt: "it moved", proof: null } }), given)
      const refused = yield* Effect.flip(Run.run(pipeline({ people: 60 }), given))
      assert.strictEqual(Runtime.getErrorExitCode(refused), 4)
      assert.match(refused.message, /41 of 101 people are gone since the run before, more than 10 %.*--max-shrink 41/)
      yield* Run.run(pipeline({ people: 60 }), { ...given, maxShrink: 41 })
      yield* Run.run(pipeline({ people: 60 }), given)
    })))

  it.effect("is compared with an older run if the last manifest is damaged", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const fs = yield* FileSystem.FileSystem
      const given = options(directory, [spy("good", [])])
      yield* Run.run(pipeline({ people: 101 }), given)
      const { outcome } = yield* Run.run(pipeline({ people: 101 }), given)
      yield* fs.writeFileString(`${directory}/runs/${outcome.run_id}.json`, "{")
      const refused = yield* Effect.flip(Run.run(pipeline({ people: 0 }), given))
      assert.strictEqual(Runtime.getErrorExitCode(refused), 4)
      yield* Run.run(pipeline({ people: 101 }), given)
    })))

  it.effect("is refused if a field that most objects had is empty, unless the field is new or rare, or objects are few", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const given = options(directory, [spy("good", [])])
      const run = (fields: Facts["fields"], agreed: Partial<Run.RunOptions> = {}) =>
        Run.run(pipeline({ more: saying(fields) }), { ...given, ...agreed })
      const had = {
        "persons.name": { of: 100, filled: 50 },
        "persons.pet": { of: 100, filled: 49 },
        "phones.number": { of: 9, filled: 9 },
        "cars.colour": { of: 100, filled: 100 },
        "persons.gone": { of: 100, filled: 100 }
      }
      const none = Object.fromEntries(Object.keys(had).map((name) => [name, { of: 100, filled: 0 }]))
      yield* run({})
      yield* run(had)
      const refused = yield* Effect.flip(run({ ...none, "cars.colour": { of: 0, filled: 0 } }))
      assert.strictEqual(Runtime.getErrorExitCode(refused), 4)
      assert.match(
        refused.message,
        /50 of 100 persons had name in the run before, and 0 of 100 have now, and so with persons\.gone\. Nothing changed/
      )
      yield* Effect.flip(run({ ...had, "persons.name": { of: 100, filled: 4 } }))
      yield* run({ ...had, "persons.name": { of: 100, filled: 5 } })
      yield* run(had)
      const { "persons.gone": _, ...known } = had
      yield* run(known)
      yield* run(none, { maxShrink: 100 })
    })))

  it.effect("fails if a sink cannot be written, before it asks its source for anything", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const reason = new CannotCreate({ detail: "no" })
      const error = new SinkError({ sink: "broken", location: "/nowhere", reason })
      let asked = false
      const source = pipeline()
      const watched: Pipeline = {
        ...source,
        connect: Effect.map(source.connect, (connected) => ({
          ...connected,
          extract: (stamp, options) =>
            Effect.suspend(() => {
              asked = true
              return connected.extract(stamp, options)
            })
        }))
      }
      const refused = yield* Effect.flip(
        Run.run(watched, options(directory, [spy("broken", [], { open: Effect.fail(error) })]))
      )
      assert.strictEqual(Runtime.getErrorExitCode(refused), 73)
      assert.isFalse(asked)
    })))

  it.effect("names a sealed manifest that was changed, and publishes nothing from it", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const fs = yield* FileSystem.FileSystem
      const log: Array<string> = []
      yield* Effect.flip(Run.run(pipeline(), options(directory, [spy("one", log, { publish: Effect.fail(failure) })])))
      const name = (yield* fs.readDirectory(`${directory}/runs`)).find((file) => file.endsWith(".sealed")) ?? ""
      const file = `${directory}/runs/${name}`
      const sealed = yield* fs.readFileString(file)
      const changed = sealed.replace("\"pages\":2", "\"pages\":3")
      assert.notStrictEqual(changed, sealed)
      yield* fs.writeFileString(file, changed)
      log.length = 0
      const error = yield* Effect.flip(Run.run(pipeline(), options(directory, [spy("one", log)])))
      assert.include(error.message, `${name} is damaged`)
      assert.deepStrictEqual(log, [])
      yield* fs.writeFileString(file, sealed)
      yield* Run.run(pipeline(), options(directory, [spy("one", log)]))
      assert.strictEqual(log[0], "one publish")
    })))

  it.effect("names a damaged manifest", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const fs = yield* FileSystem.FileSystem
      yield* fs.makeDirectory(`${directory}/runs`)
      yield* fs.writeFileString(`${directory}/runs/20260101T000000000Z-000000.json.sealed`, "{")
      const error = yield* Effect.flip(Run.run(pipeline(), options(directory, [spy("good", [])])))
      assert.include(error.message, "20260101T000000000Z-000000.json.sealed is damaged")
      assert.strictEqual(Runtime.getErrorExitCode(error), 73)
    })))

  it.effect("has an id of its own, even if another run begins at the same instant", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const given = options(directory, [spy("good", [])])
      const ids = yield* Effect.forEach(
        ["first", "second", "third"],
        () => Effect.map(Run.run(pipeline(), given), ({ outcome }) => outcome.run_id)
      )
      assert.strictEqual(new Set(ids).size, ids.length)
      for (const id of ids) assert.match(id, /^\d{8}T\d{9}Z-[0-9a-f]{6}$/)
    })))
})
