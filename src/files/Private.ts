/**
 * Makes files and directories that only their owner can read. They are always made new, under a random name or one with
 * the id of a run. An existing file or link is never written to, because another user may have put it there.
 */
import { Effect, FileSystem, Path } from "effect"
import { randomBytes } from "node:crypto"
import { sync } from "./Durable.ts"
import { isNowhere } from "./Platform.ts"

/** Makes an empty file, which the scope closes. Fails if anything exists at the path, even a link. */
export const create = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.open(path, { flag: "wx+", mode: 0o600 }))

/** Makes a directory, which the scope removes with its contents. Fails if anything exists at the path, even a link. */
export const directory = (path: string) =>
  Effect.acquireRelease(
    Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeDirectory(path, { mode: 0o700 })),
    () =>
      Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.ignore(fs.remove(path, { recursive: true, force: true })))
  )

/**
 * The name of a file until all of it is written. It does not contain the file's final name, so it is never too long.
 */
const isPart = (name: string) => /^\.duo-mfa\.[0-9a-f]{16}\.part$/.test(name)
const newPart = Effect.sync(() => `.duo-mfa.${randomBytes(8).toString("hex")}.part`)

/** Writes a new file beside the path and flushes it to the disk; then `place` moves it to the path. */
const beside = Effect.fnUntraced(function*<E>(
  path: string,
  content: string,
  place: (part: string) => Effect.Effect<void, E, FileSystem.FileSystem>
) {
  const fs = yield* FileSystem.FileSystem
  const { dirname, join } = yield* Path.Path
  const part = join(dirname(path), yield* newPart)
  yield* Effect.scoped(
    Effect.flatMap(create(part), (file) => Effect.andThen(file.writeAll(new TextEncoder().encode(content)), file.sync))
  ).pipe(
    Effect.andThen(place(part)),
    Effect.onError(() => Effect.ignore(fs.remove(part, { force: true })))
  )
  yield* sync(dirname(path))
}, Effect.uninterruptible)

/**
 * Replaces a small file. After a crash, the path has the old file or the whole new one. A link is replaced, not
 * followed.
 */
export const write = (path: string, content: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => beside(path, content, (part) => fs.rename(part, path))).pipe(
    // another process that sweeps the directory at the same time may remove the file before it is renamed
    Effect.retry({ times: 2, while: ({ reason }) => reason._tag === "NotFound" })
  )

/** Replaces a small file in the same way with one that everybody may read, because nothing in it is private. */
export const writePublic = (path: string, content: string) =>
  Effect.flatMap(
    FileSystem.FileSystem,
    (fs) => beside(path, content, (part) => Effect.andThen(fs.chmod(part, 0o644), fs.rename(part, path)))
  )

/** Writes a small file. If the path exists, its file stays and this fails. */
export const writeNew = (path: string, content: string) =>
  Effect.flatMap(
    FileSystem.FileSystem,
    (fs) => beside(path, content, (part) => Effect.andThen(fs.link(part, path), fs.remove(part, { force: true })))
  )

/** Removes the unfinished files of processes that were killed while they wrote to the directory. */
export const removeUnfinished = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const names = yield* Effect.catchIf(fs.readDirectory(directory), isNowhere, () => Effect.succeed([]))
  for (const name of names.filter(isPart)) yield* fs.remove(join(directory, name), { force: true })
})
