/** Laws 6 to 9: who can read what a run writes, and what is left of a run that is discarded. */
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import { tmpdir } from "node:os"
import type { Ground, It } from "./ground.ts"
import { law } from "./names.ts"
import { files } from "./published.ts"
import { perform, stage } from "./round.ts"
import { runOf } from "./rows.ts"

export const fileLaws = (it: It, { assertPublished, elsewhere, place, sink, some }: Ground) => {
  it.effect(law(6), () =>
    Effect.gen(function*() {
      const { location, look } = yield* place
      const run = runOf(1)
      const { bytes } = yield* perform(sink, location, run, some(run))
      const found = yield* look
      for (const [name, { content, mode }] of Object.entries(found)) {
        assert.strictEqual(mode, content === undefined ? 0o700 : 0o600, name)
        assert.notInclude(name, ".part")
      }
      const sizes = Object.values(files(found)).map(({ content }) => Buffer.from(content ?? "", "base64").length)
      if (elsewhere === undefined) assert.strictEqual(bytes, sizes.reduce((sum, size) => sum + size, 0))
    }))

  it.effect(law(7), () =>
    Effect.gen(function*() {
      const { location, look } = yield* place
      const run = runOf(1)
      yield* stage(sink, location, run, some(run))
      for (const [name, { content, mode }] of Object.entries(yield* look)) {
        assert.strictEqual(mode, content === undefined ? 0o700 : 0o600, name)
      }
    }))

  for (const sealed of [false, true]) {
    it.effect(`${law(8)}, ${sealed ? "sealed" : "only opened"}`, () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const { location, look } = yield* place
        const first = runOf(1)
        yield* perform(sink, location, first, some(first))
        if (elsewhere === undefined) {
          const isDirectory = (yield* fs.stat(location)).type === "Directory"
          const root = isDirectory ? location : path.dirname(location)
          yield* fs.writeFileString(path.join(root, `notes.${runOf(3).run_id}.part`), "of another run")
          yield* fs.writeFileString(path.join(root, `${runOf(2).run_id}.part.txt`), "of nobody")
        } else {
          yield* stage(sink, location, runOf(3), some(runOf(3)))
        }
        const before = files(yield* look)
        const run = runOf(2)
        if (sealed) {
          yield* stage(sink, location, run, some(run))
        } else {
          yield* Effect.scoped(sink.open(location, run, tmpdir()))
        }
        yield* sink.discard(location, run.run_id)
        assert.deepStrictEqual(files(yield* look), before)
        yield* sink.discard(location, run.run_id)
        yield* perform(sink, location, run, some(run))
        yield* assertPublished(location, run, some(run))
      }))
  }

  it.effect(law(9), () => Effect.flatMap(place, ({ location }) => sink.discard(location, runOf(1).run_id)))
}
