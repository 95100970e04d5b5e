/** A directory for what a source keeps until it wants it again: its owner's alone, and gone when the scope closes. */
import { Effect, FileSystem, Path, type PlatformError } from "effect"
import type { Scratch } from "../Pipeline.ts"
import { inDataDirectory, RunError } from "../RunError.ts"
import { makeDirectory } from "./Durable.ts"
import { reasonOf } from "./Files.ts"

/** Makes the directory, which is told as the data directory's when something is wrong with it. */
export const make = Effect.fnUntraced(function*(dataDirectory: string, directory: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const orRunError = Effect.mapError((error: PlatformError.PlatformError) =>
    new RunError({ reason: inDataDirectory(dataDirectory, reasonOf(error)) })
  )
  yield* Effect.acquireRelease(
    orRunError(makeDirectory(directory)),
    () => Effect.ignore(fs.remove(directory, { recursive: true, force: true }))
  )
  const scratch: Scratch = {
    write: (name, text) => orRunError(fs.writeFileString(join(directory, name), text, { mode: 0o600 })),
    read: (name) => orRunError(fs.readFileString(join(directory, name))),
    remove: (name) => orRunError(fs.remove(join(directory, name)))
  }
  return scratch
})
