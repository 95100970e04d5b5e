/** A directory for what a source keeps until it wants it again: its owner's alone, and gone when the scope closes. */
import { Effect, FileSystem, Path, type PlatformError } from "effect"
import { tmpdir } from "node:os"
import type { Scratch } from "../Pipeline.ts"
import { inDataDirectory, RunError } from "../RunError.ts"
import { makeDirectory } from "./Durable.ts"
import { reasonOf } from "./Files.ts"

const orRunError = (dataDirectory: string) =>
  Effect.mapError((error: PlatformError.PlatformError) =>
    new RunError({ reason: inDataDirectory(dataDirectory, reasonOf(error)) })
  )

/** Makes the directory, which is told as the data directory's when something is wrong with it. */
export const make = Effect.fnUntraced(function*(dataDirectory: string, directory: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const told = orRunError(dataDirectory)
  yield* Effect.acquireRelease(
    told(makeDirectory(directory)),
    () => Effect.ignore(fs.remove(directory, { recursive: true, force: true }))
  )
  const scratch: Scratch = {
    write: (name, text) => told(fs.writeFileString(join(directory, name), text, { mode: 0o600 })),
    read: (name) => told(fs.readFileString(join(directory, name))),
    rename: (from, to) => told(fs.rename(join(directory, from), join(directory, to))),
    remove: (name) => told(fs.remove(join(directory, name)))
  }
  return scratch
})

/** One where the system has its temporary files. */
export const temporary = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-" }).pipe(orRunError(tmpdir()))
  return yield* make(tmpdir(), directory)
})
