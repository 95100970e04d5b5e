/** Reads a secret from a file that systemd, Docker or a vault has mounted. */
import { Effect, FileSystem, Redacted } from "effect"
import * as Owner from "./Owner.ts"

export interface SecretFile {
  /** Without the spaces and newlines around it. */
  readonly value: Redacted.Redacted<string>
  /** A sentence if other users may read the file. */
  readonly warnings: ReadonlyArray<string>
}

/** Reads the file that a setting names. Fails with the rest of a sentence about the file, such as "does not exist". */
export const read = Effect.fnUntraced(function*(path: string, setting: string) {
  const fs = yield* FileSystem.FileSystem
  const value = yield* fs.readFileString(path).pipe(
    Effect.map((content) => Redacted.make(content.trim())),
    Effect.mapError(({ reason }) => reason._tag === "NotFound" ? "does not exist" : `cannot be read (${reason._tag})`)
  )
  if (Redacted.value(value) === "") return yield* Effect.fail("is empty")
  const file: SecretFile = {
    value,
    warnings: (yield* Owner.isReadByOthers(path)) ? [`Others may read the file of ${setting}: chmod 600 it.`] : []
  }
  return file
})
