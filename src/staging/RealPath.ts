/** Where paths really are: symbolic links followed, those in the way to a file as well, also if the file is not there yet. */
import { Effect, FileSystem, Path } from "effect"

/** The real path, or undefined when a link on the way leads nowhere or the path cannot be looked at. */
export const of = (place: string): Effect.Effect<string | undefined, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    return yield* fs.realPath(place).pipe(
      Effect.catch(Effect.fnUntraced(function*({ reason }) {
        const isLink = yield* Effect.isSuccess(fs.readLink(place))
        if (reason._tag !== "NotFound" || isLink || path.dirname(place) === place) return undefined
        const parent = yield* of(path.dirname(place))
        return parent === undefined ? undefined : path.join(parent, path.basename(place))
      }))
    )
  })

/** Whether the place is the directory or below it. */
export const isWithin = Effect.fnUntraced(function*(directory: string, place: string) {
  const path = yield* Path.Path
  const [around, inside] = [yield* of(directory), yield* of(place)]
  if (around === undefined || inside === undefined) return false
  return inside === around || inside.startsWith(path.join(around, path.sep))
})
