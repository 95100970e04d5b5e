/** Writing that survives a power cut: what was there before, or all of what is written, and never anything between. */
import { Effect, FileSystem, Path, type PlatformError } from "effect"

/** Brings a file's, or a directory's, contents to the disk. */
export const sync = (path: string) =>
  Effect.scoped(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const file = yield* fs.open(path, { flag: "r" })
    yield* file.sync
  }))

/**
 * Makes a directory for its owner alone, and those above it that are missing; their names reach the disk. Step by step,
 * for Node's own way never ends where the system says of a directory whose parent is there that it is not, as in /proc.
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
      // another process may have made it; a link may lead nowhere
      Effect.catchReason(
        "PlatformError",
        "AlreadyExists",
        (_, error) =>
          Effect.flatMap(fs.stat(path), ({ type }) => type === "Directory" ? Effect.void : Effect.fail(error))
      )
    )
  })
