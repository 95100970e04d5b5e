/** Flushes files and directories to the disk, so that they survive a power cut. */
import { Effect, FileSystem, Path, type PlatformError } from "effect"

/** Flushes the contents of a file, or the names in a directory, to the disk. */
export const sync = (path: string) =>
  Effect.scoped(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const file = yield* fs.open(path, { flag: "r" })
    yield* file.sync
  }))

/**
 * Makes a directory that only its owner can use, and its missing parents, and flushes their names to the disk. It makes
 * one directory at a time, because Node's recursive mkdir never returns where the system answers ENOENT although the
 * parent exists, as in /proc.
 */
export const makeDirectory = (
  path: string
): Effect.Effect<void, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const { dirname } = yield* Path.Path
    const make = Effect.andThen(fs.makeDirectory(path, { mode: 0o700 }), sync(dirname(path)))
    yield* make.pipe(
      Effect.catchReason(
        "PlatformError",
        "NotFound",
        (_, error) => dirname(path) === path ? Effect.fail(error) : Effect.andThen(makeDirectory(dirname(path)), make)
      ),
      // another process may have made the directory; but it may also be a file, or a link to something that does not
      // exist
      Effect.catchReason(
        "PlatformError",
        "AlreadyExists",
        (_, error) =>
          Effect.flatMap(fs.stat(path), ({ type }) => type === "Directory" ? Effect.void : Effect.fail(error))
      )
    )
  })
