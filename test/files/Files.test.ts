/** Staged files: how they are sealed, published and discarded, and which problems are found before. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, PlatformError } from "effect"
import * as Files from "../../src/files/Files.ts"
import { tree } from "../laws/sink.ts"

const publish = Files.publish()

layer(NodeServices.layer)("staged files", (it) => {
  it.effect("publishing continues where it was interrupted", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const moves = ["a", "b"].map((name) => ({ from: `${directory}/${name}.R.part`, to: `${directory}/in/${name}` }))
      for (const { from } of moves) yield* fs.writeFileString(from, from)
      const { bytes, publication } = yield* Files.seal(moves)
      assert.strictEqual(bytes, moves.reduce((sum, { from }) => sum + from.length, 0))
      yield* fs.rename(moves[0]?.from ?? "", moves[0]?.to ?? "")
      yield* publish(publication, "R", directory)
      for (const { from, to } of moves) assert.strictEqual(yield* fs.readFileString(to), from)
    }))

  it.effect("sealing flushes the files, then their names; publishing flushes the new names before the old ones", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const moves = ["a", "b"].map((name) => ({ from: `${directory}/${name}.R.part`, to: `${directory}/${name}/x` }))
      for (const { from } of moves) yield* fs.writeFileString(from, from)
      const synced: Array<string> = []
      const watching: typeof fs = {
        ...fs,
        open: (path, options) => {
          synced.push(path.slice(directory.length))
          return fs.open(path, options)
        }
      }
      const watched = Effect.provideService(FileSystem.FileSystem, watching)
      const { publication } = yield* watched(Files.seal(moves))
      assert.deepStrictEqual(synced.splice(0), ["/a.R.part", "", "/b.R.part", "", ""])
      yield* watched(publish(publication, "R", directory))
      assert.deepStrictEqual(synced, ["/a", "/b", ""])
    }))

  it.effect("JSON that is not a publication is refused", () =>
    Effect.gen(function*() {
      for (const publication of [null, {}, { moves: [{ from: "/a" }] }, "moves"]) {
        assert.strictEqual((yield* Effect.flip(publish(publication, "R", "/nowhere")))._tag, "Corrupt")
      }
    }))

  it.effect("a publication moves only files that the run staged, and only below the directory they were staged in", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const root = `${directory}/root`
      yield* fs.makeDirectory(root)
      const names = ["root/a.R.part", "root/a.Q.part", "root/.R.part", "root/a.R.part.wal", "a.R.part", "mine"]
      for (const name of names) yield* fs.writeFileString(`${directory}/${name}`, name)
      const before = yield* tree(directory)
      const good = { from: `${root}/a.R.part`, to: `${root}/a` }
      const moves = [
        ...[
          `${directory}/mine`,
          ...["a.Q.part", ".R.part", "a.R.part.wal", "../root/a.R.part"].map((_) => `${root}/${_}`)
        ]
          .map((from) => ({ from, to: good.to })),
        ...[directory, `${directory}/mine`, `${root}/../mine`, `${root}x/a`, `${root}/`, root, "a", ""]
          .map((to) => ({ from: good.from, to })),
        { from: "a.R.part", to: "a" }
      ]
      for (const move of moves) {
        const refused = yield* Effect.flip(publish({ moves: [good, move] }, "R", root))
        assert.strictEqual(refused._tag, "Corrupt", JSON.stringify(move))
        assert.deepStrictEqual(yield* tree(directory), before)
      }
      yield* publish({ moves: [good] }, "R", root)
      assert.isTrue(yield* fs.exists(good.to))
    }))

  it.effect("discarding removes only files and directories whose names have the run's id", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const kept = ["R.part", ".R.part", "a.R", "a.R.par", "a.RR.part", "a.xR.part", "a-R.part"]
      for (const name of [...kept, "a.R.part", "b.c.R.part.wal"]) {
        yield* fs.writeFileString(`${directory}/${name}`, name)
      }
      yield* fs.makeDirectory(`${directory}/a.R.part.tmp/deep`, { recursive: true })
      yield* fs.makeDirectory(`${directory}/sub`)
      yield* fs.writeFileString(`${directory}/sub/a.R.part`, "further down")
      yield* Files.discard(directory, "R")
      assert.sameMembers(Object.keys(yield* tree(directory)), [...kept, "sub", "sub/a.R.part"])
    }))

  it.effect("problems that would make publishing fail are found before", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      yield* fs.writeFileString(`${directory}/file`, "")
      yield* fs.makeDirectory(`${directory}/directory`)
      yield* fs.symlink("/proc", `${directory}/elsewhere`)
      const bad = ["file/a", "file/a/b", "directory", "elsewhere/a", `a/${"b/".repeat(2100)}c`]
      for (const target of bad) {
        const reason = yield* Effect.flip(Files.prepare(directory, [`${directory}/${target}`]))
        assert.strictEqual(reason._tag, "CannotCreate", target.slice(0, 30))
      }
      yield* Files.prepare(`${directory}/new/root`, [`${directory}/new/root/a/b/c`, `${directory}/new/root/d`])
      assert.strictEqual((yield* fs.stat(`${directory}/new/root`)).mode & 0o777, 0o700)
    }))

  it.effect("a directory that may not be written is refused, and a full disk is reported as one", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const failing = (code: string) =>
        PlatformError.systemError({
          _tag: "Unknown",
          module: "FileSystem",
          method: "any",
          cause: Object.assign(new Error(code), { code })
        })
      const readOnly = { ...fs, access: () => Effect.fail(failing("EROFS")) }
      const reason = yield* Files.prepare(directory, [`${directory}/a`]).pipe(
        Effect.provideService(FileSystem.FileSystem, readOnly),
        Effect.flip
      )
      assert.strictEqual(reason._tag, "CannotCreate")
      for (const [code, tag] of Object.entries(codes)) assert.strictEqual(Files.reasonOf(failing(code))._tag, tag)
    }))
})

const codes = {
  EACCES: "CannotCreate",
  EPERM: "CannotCreate",
  EROFS: "CannotCreate",
  ENOTDIR: "CannotCreate",
  EISDIR: "CannotCreate",
  ENAMETOOLONG: "CannotCreate",
  ENOENT: "CannotCreate",
  ENOSPC: "DiskFull",
  EDQUOT: "DiskFull",
  EIO: "InputOutput"
}
