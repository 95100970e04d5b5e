/**
 * The key for hashes of personal texts: 32 random bytes in `DATA/pii.key`. The first run that needs it makes it, and it
 * is never replaced. Anybody who has the key can try names and find out whose name a hash stands for. Hashes of
 * different keys cannot be joined.
 */
import { Effect, FileSystem, Path, Result, Runtime, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { ExitCode } from "../failure/ExitCode.ts"
import { reasonOf } from "../files/Files.ts"
import * as Owner from "../files/Owner.ts"
import * as Private from "../files/Private.ts"
import { inDataDirectory, RunError } from "./RunError.ts"

/** The key exists but cannot be used: the file is damaged, or other users can read it. */
export class BadKey extends Schema.TaggedError<BadKey>()("BadKey", {
  file: Schema.String,
  why: Schema.Literals(["damaged", "open"])
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return this.why === "open"
      ? `Other users can read ${this.file}, and with it find out whose name a hash stands for. Run chmod 600 on it.`
      : `${this.file} is not a key of 64 hex digits. Nothing was extracted. Restore the file; or, if new hashes need not match earlier ones, move it away, and the next run makes a new key.`
  }
}

const Key = Schema.Uint8ArrayFromHex.check(Schema.makeFilter((bytes) => bytes.length === 32))
const decode = Schema.decodeUnknownResult(Key)

/** Reads the key of a data directory, and makes it if there is none. The caller must have the directory's lock. */
export const read = Effect.fnUntraced(
  function*(dataDirectory: string) {
    const fs = yield* FileSystem.FileSystem
    const { join } = yield* Path.Path
    const file = join(dataDirectory, "pii.key")
    yield* make(file)
    yield* Owner.check(file)
    if (yield* Owner.isReadByOthers(file)) return yield* new BadKey({ file, why: "open" })
    const key = decode((yield* fs.readFileString(file)).trimEnd())
    return Result.isSuccess(key) ? key.success : yield* new BadKey({ file, why: "damaged" })
  },
  (effect, dataDirectory) =>
    Effect.catchTag(
      effect,
      "PlatformError",
      (error) => new RunError({ reason: inDataDirectory(dataDirectory, reasonOf(error)) })
    )
)

/** Makes the key if there is none. After a crash the file has a whole key or does not exist. */
const make = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  if (yield* fs.exists(file)) return
  yield* Private.writeNew(file, `${randomBytes(32).toString("hex")}\n`)
})
