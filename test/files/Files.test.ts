import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it as plainIt, layer } from "@effect/vitest"
import { Arbitrary, Effect, FileSystem, PlatformError, Schema } from "effect"
import { reasonOf as duckDbReason } from "../../src/duckdb/DuckDb.ts"
import * as Instant from "../../src/duckdb/Instant.ts"
import * as Files from "../../src/files/Files.ts"
import * as Private from "../../src/files/Private.ts"
import * as Lock from "../../src/run/publish/Lock.ts"
import { tree } from "../laws/sink.ts"

const place = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-staging-" })
})

const publish = Files.publish()

layer(NodeServices.layer)("the lock", (it) => {
  it.effect("removes the files of a process that was killed while it made the lock, and nothing else", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* place
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
      const directory = yield* place
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
      const directory = yield* place
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
      const directory = yield* place
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

layer(NodeServices.layer)("staged files", (it) => {
  it.effect("publishing continues where it was interrupted", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* place
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
      const directory = yield* place
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
      const directory = yield* place
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
      const directory = yield* place
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
      const directory = yield* place
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
      const directory = yield* place
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

plainIt("what DuckDB says is told apart", () => {
  const says = {
    "IO Error: Could not set lock on file \"/a\": Conflicting lock is held in /usr/bin/node (PID 42). See": "InUse",
    "IO Error: Could not write file \"/a\": No space left on device": "DiskFull",
    "IO Error: The file \"/a\" exists, but it is not a valid DuckDB database file!": "Corrupt",
    "IO Error: Trying to read a database file with version number 99, but we can only read": "Corrupt",
    "Invalid Input Error: No magic bytes found at end of file '/a'": "Corrupt",
    "IO Error: Cannot open file \"/a\": Permission denied": "CannotCreate",
    "IO Error: Cannot open file \"/a\": Not a directory": "CannotCreate",
    "Out of Memory Error: failed to allocate data": "InputOutput"
  }
  for (const [message, tag] of Object.entries(says)) {
    const reason = duckDbReason(new Error(message))
    assert.strictEqual(reason._tag, tag, message)
    if (reason._tag === "InUse") assert.strictEqual(reason.pid, 42)
  }
})

/** All instants that `Date` can represent. */
const millis = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: -8.64e15, maximum: 8.64e15 })))
const fraction = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 })))

plainIt.prop(
  "an instant is written as Date writes it, with microseconds",
  { millis, fraction },
  ({ fraction, millis }) => {
    const [, sign = "", year = "", rest = "", ms = ""] =
      /^([+-]?)(\d+)(.*)\.(\d{3})Z$/.exec(new Date(millis).toISOString()) ?? []
    const digits = `${ms}${String(fraction).padStart(3, "0")}`
    const expected = `${sign === "-" ? "-" : ""}${String(Number(year)).padStart(4, "0")}${rest}${
      Number(digits) === 0 ? "" : `.${digits}`
    }Z`
    assert.strictEqual(Instant.format(BigInt(millis) * 1000n + BigInt(fraction)), expected)
  }
)

plainIt("an instant may be further away than Date can say", () => {
  assert.strictEqual(Instant.format(9_223_372_036_854_775_807n), "294247-01-10T04:00:54.775807Z")
  assert.strictEqual(Instant.format(-1n), "1969-12-31T23:59:59.999999Z")
  assert.strictEqual(Instant.format(0n), "1970-01-01T00:00:00Z")
  assert.strictEqual(Instant.format(-62_167_219_200_000_001n), "-0001-12-31T23:59:59.999999Z")
})
