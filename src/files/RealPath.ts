/** Resolves all symbolic links in a path, even if the file does not exist yet. */
import { Effect, FileSystem, Path, type PlatformError } from "effect"

/** The path without links; undefined if a link in it points to something that does not exist. */
export const of = (
  place: string
): Effect.Effect<string | undefined, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    return yield* fs.realPath(place).pipe(
      Effect.catchReason(
        "PlatformError",
        "NotFound",
        Effect.fnUntraced(function*() {
          const isLink = yield* Effect.isSuccess(fs.readLink(place))
          if (isLink || path.dirname(place) === place) return undefined
          const parent = yield* of(path.dirname(place))
          return parent === undefined ? undefined : path.join(parent, path.basename(place))
        })
      )
    )
  })

/** Whether a path is the directory or below it, after all links are resolved. */
export const isWithin = Effect.fnUntraced(function*(directory: string, place: string) {
  const path = yield* Path.Path
  const [around, inside] = [yield* of(directory), yield* of(place)]
  if (around === undefined || inside === undefined) return false
  return inside === around || inside.startsWith(path.join(around, path.sep))
})
