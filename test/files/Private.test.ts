/** Files for their owner alone, such as manifests, keys and the lock: they are there as a whole or not at all. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, PlatformError } from "effect"
import * as Private from "../../src/files/Private.ts"
import * as Lock from "../../src/run/publish/Lock.ts"

layer(NodeServices.layer)("the lock", (it) => {
  it.effect("removes the files of a process that was killed while it made the lock, and nothing else", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      for (const name of [".lock.123.part", ".lock.mine.part", "lock.1.part"]) {
        yield* fs.writeFileString(`${directory}/${name}`, "")
      }
      yield* Effect.scoped(Lock.acquire(directory))
      assert.deepStrictEqual((yield* fs.readDirectory(directory)).sort(), [".lock", ".lock.mine.part", "lock.1.part"])
    }))
})

layer(NodeServices.layer)("a small file", (it) => {
  it.effect("is flushed to the disk before it gets its name, and the name is flushed too", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const calls: Array<string> = []
      const noted = <A, E>(call: string, effect: Effect.Effect<A, E>) =>
        Effect.tap(effect, () => Effect.sync(() => calls.push(call)))
      const watching: typeof fs = {
        ...fs,
        open: (path, options) =>
          Effect.map(
            fs.open(path, options),
            (file) =>
              Object.create(file, {
                sync: { value: noted(`sync ${path}`, file.sync) },
                writeAll: { value: (bytes: Uint8Array) => noted(`write ${path}`, file.writeAll(bytes)) }
              })
          ),
        rename: (from, to) => noted(`rename ${from} ${to}`, fs.rename(from, to))
      }
      const file = `${directory}/manifest`
      yield* Private.write(file, "whole").pipe(Effect.provideService(FileSystem.FileSystem, watching))
      assert.strictEqual(yield* fs.readFileString(file), "whole")
      const part = calls[0]?.slice("write ".length) ?? ""
      assert.match(part, /\/\.duo-mfa\.[0-9a-f]{16}\.part$/)
      assert.deepStrictEqual(calls, [`write ${part}`, `sync ${part}`, `rename ${part} ${file}`, `sync ${directory}`])
    }))

  it.effect("is unchanged if it cannot be written, and no other file is left", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const file = `${directory}/manifest`
      yield* Private.write(file, "before")
      const full = PlatformError.systemError({ _tag: "Unknown", module: "FileSystem", method: "rename" })
      yield* Private.write(file, "after").pipe(
        Effect.provideService(FileSystem.FileSystem, { ...fs, rename: () => Effect.fail(full) }),
        Effect.flip
      )
      assert.deepStrictEqual(yield* fs.readDirectory(directory), ["manifest"])
      assert.strictEqual(yield* fs.readFileString(file), "before")
    }))

  it.effect("is written even if another process removes its temporary file first", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const clearing: FileSystem.FileSystem = {
        ...fs,
        link: (part, path) => Effect.andThen(fs.link(part, path), fs.remove(part))
      }
      yield* Private.writeNew(`${directory}/key`, "content").pipe(
        Effect.provideService(FileSystem.FileSystem, clearing)
      )
      assert.deepStrictEqual(yield* fs.readDirectory(directory), ["key"])
      assert.strictEqual(yield* fs.readFileString(`${directory}/key`), "content")
    }))
})
