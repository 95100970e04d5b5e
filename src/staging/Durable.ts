/** Writing that survives a power cut: what was there before, or all of what is written, and never anything between. */
import { Effect, FileSystem, Path } from "effect"

/** Brings a file's, or a directory's, contents to the disk. */
export const sync = (path: string) =>
  Effect.scoped(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const file = yield* fs.open(path, { flag: "r" })
    yield* file.sync
  }))

/** Makes a directory that only its owner may enter, and those above it that are missing; their names reach the disk. */
export const makeDirectory = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  const { dirname } = yield* Path.Path
  const above: Array<string> = []
  const isThere = (directory: string) => fs.exists(directory).pipe(Effect.orElseSucceed(() => true))
  for (let at = path; !(yield* isThere(at)); at = dirname(at)) above.push(dirname(at))
  yield* fs.makeDirectory(path, { recursive: true, mode: 0o700 })
  yield* Effect.forEach(above, sync, { discard: true })
})

/** Replaces a small file: beside it, to the disk, and renamed into place. */
export const writeDurably = Effect.fnUntraced(function*(path: string, content: string) {
  const fs = yield* FileSystem.FileSystem
  const { dirname } = yield* Path.Path
  const part = `${path}.part`
  yield* fs.writeFileString(part, content, { mode: 0o600 })
  yield* sync(part)
  yield* fs.rename(part, path)
  yield* sync(dirname(path))
})
