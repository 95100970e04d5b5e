/** Reads files that people write for the report into the data directory. */
import { Effect, FileSystem, Path, Runtime, Schema } from "effect"
import { ExitCode } from "../failure/ExitCode.ts"

/** The file is there and cannot be read. */
export class UnreadableInput extends Schema.TaggedError<UnreadableInput>()("UnreadableInput", {
  file: Schema.String,
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `${this.file} cannot be read: ${this.detail}. Make it readable, or move it away.`
  }
}

/** A file of the data directory and its text; null if there is no such file. */
export const read = Effect.fnUntraced(function*(dataDirectory: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const file = (yield* Path.Path).join(dataDirectory, name)
  const text = yield* fs.readFileString(file).pipe(
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed(null)),
    Effect.mapError((error) => new UnreadableInput({ file, detail: error.reason.message }))
  )
  return { file, text: text?.replace(/^\uFEFF/, "") ?? null }
})
