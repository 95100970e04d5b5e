/** A run reads everything, seals every sink, and publishes them; a run that fails or is interrupted publishes nothing. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, FileSystem, Runtime, Stream } from "effect"
import { CannotCreate, InputOutput, SinkError } from "../../src/failure/SinkError.ts"
import type { Pipeline } from "../../src/Pipeline.ts"
import * as Manifest from "../../src/run/publish/Manifest.ts"
import * as Run from "../../src/run/Run.ts"
import type { Sink } from "../../src/Sink.ts"
import { failure, inTemporary, options, people, pipeline, spy } from "./spy-sink.ts"

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
