/**
 * The key that personal texts are hashed with: 32 random bytes in `DATA/pii.key`, made when it is first needed and never
 * replaced. With it anybody could find out whom a hash stands for by trying names; without it nothing can be joined.
 */
import { Effect, FileSystem, Path, Result, Runtime, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { ExitCode } from "../failure/ExitCode.ts"
import { reasonOf } from "../files/Files.ts"
import * as Owner from "../files/Owner.ts"
import * as Private from "../files/Private.ts"
import { inDataDirectory, RunError } from "./RunError.ts"

/** There is a key, and it is not to be used. */
export class BadKey extends Schema.TaggedError<BadKey>()("BadKey", {
  file: Schema.String,
  why: Schema.Literals(["damaged", "open"])
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return this.why === "open"
      ? `Others may read ${this.file}, and with it find out whom a hash stands for. Run chmod 600 on it.`
      : `${this.file} is no key of 64 hex digits. Nothing was extracted; put the file back as it was, or, if no hash needs to be joined with those of before, move it away and a new key is made.`
  }
}

const Key = Schema.Uint8ArrayFromHex.check(Schema.makeFilter((bytes) => bytes.length === 32))
const decode = Schema.decodeUnknownResult(Key)

/** The key of a data directory. To be asked under its lock. */
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

/** There is all of a key or none, and one that is there stays. */
const make = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  if (yield* fs.exists(file)) return
  yield* Private.writeNew(file, `${randomBytes(32).toString("hex")}\n`)
})
