/** The next run discards a run that was killed, and publishes one that could not publish everywhere. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Runtime } from "effect"
import { InputOutput, SinkError } from "../../src/failure/SinkError.ts"
import * as Manifest from "../../src/run/publish/Manifest.ts"
import * as Run from "../../src/run/Run.ts"
import type { Sink } from "../../src/Sink.ts"
import { failure, inTemporary, options, pipeline, spy } from "./spy-sink.ts"

describe("a run", () => {
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
})
