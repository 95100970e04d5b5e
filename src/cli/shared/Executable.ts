/** Finds a program on the PATH. */
import { Effect, FileSystem, Path } from "effect"

const executableBits = 0o111

/** The path of a program, if it is there. Relative folders on the PATH are passed over, because anybody may fill them. */
export const find = Effect.fnUntraced(function*(name: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folders = (process.env["PATH"] ?? "").split(":").filter(path.isAbsolute)
  const places = name.includes("/") ? [name] : folders.map((folder) => path.join(folder, name))
  for (const place of places) {
    const isThere = yield* fs.stat(place).pipe(
      Effect.map(({ mode, type }) => type === "File" && (mode & executableBits) !== 0),
      Effect.orElseSucceed(() => false)
    )
    if (isThere) return place
  }
  return undefined
})
