/**
 * Files and directories for their owner alone. Each is made new, under a name that nobody can guess or that carries the id of
 * a run, and none is found: what somebody put there before is not written to, whoever may read it and wherever it leads.
 */
import { Effect, FileSystem, Path } from "effect"
import { randomBytes } from "node:crypto"
import { sync } from "./Durable.ts"
import { isNowhere } from "./Platform.ts"

/** Makes an empty file, which is closed with the scope; fails if anything is there, a link as well. */
export const create = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.open(path, { flag: "wx+", mode: 0o600 }))

/** Makes a directory, which goes with the scope and all that is in it; fails if anything is there, a link as well. */
export const directory = (path: string) =>
  Effect.acquireRelease(
    Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeDirectory(path, { mode: 0o700 })),
    () =>
      Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.ignore(fs.remove(path, { recursive: true, force: true })))
  )

/** What a file is called until all of it is there. The name says nothing of the file, so that it is never too long. */
const isPart = (name: string) => /^\.duo-mfa\.[0-9a-f]{16}\.part$/.test(name)
const newPart = Effect.sync(() => `.duo-mfa.${randomBytes(8).toString("hex")}.part`)

/** Writes a new file beside the path, to the disk; `place` puts it there. */
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

/** Replaces a small file: what was there before, or all of the new one, whatever happens. A link is replaced, not followed. */
export const write = (path: string, content: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => beside(path, content, (part) => fs.rename(part, path))).pipe(
    // somebody who writes beside it at the same time may take it for left behind
    Effect.retry({ times: 2, while: ({ reason }) => reason._tag === "NotFound" })
  )

/** The same, unless there is a file: that one stays. */
export const writeNew = (path: string, content: string) =>
  Effect.flatMap(
    FileSystem.FileSystem,
    (fs) => beside(path, content, (part) => Effect.andThen(fs.link(part, path), fs.remove(part, { force: true })))
  )

/** Removes what a process that was killed left in a directory before all of a file was there. */
export const sweep = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const names = yield* Effect.catchIf(fs.readDirectory(directory), isNowhere, () => Effect.succeed([]))
  for (const name of names.filter(isPart)) yield* fs.remove(join(directory, name), { force: true })
})
