/**
 * Tells whether a file was replaced or changed. The time is not enough, because times change when a folder is copied or
 * restored. So the first and the last bytes are compared: each format that runs share changes there with every version.
 */
import { Effect, FileSystem, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import type { SinkReason } from "../failure/SinkError.ts"
import type { SinkServices } from "../Sink.ts"
import { reasonOf, statIfAny } from "./Platform.ts"

export const Identity = Schema.Struct({ size: Schema.String, mtime: Schema.NullOr(Schema.String), ends: Schema.String })
export interface Identity extends Schema.Schema.Type<typeof Identity> {}

/** The number of bytes that are hashed at each end. */
const some = 65_536

const stampOf = ({ mtime, size }: FileSystem.File.Info) => ({
  size: String(size),
  mtime: Option.getOrNull(Option.map(mtime, (at) => at.toISOString()))
})

const endsOf = Effect.fnUntraced(function*(path: string, size: bigint) {
  const fs = yield* FileSystem.FileSystem
  const file = yield* fs.open(path)
  const hash = createHash("sha256")
  for (const at of [0n, size > some ? size - BigInt(some) : 0n]) {
    yield* file.seek(at, "start")
    hash.update(Option.getOrElse(yield* file.readAlloc(some), () => ""))
  }
  return hash.digest("hex")
}, Effect.scoped)

/**
 * The identity of a file; null if it does not exist. If DuckDB in this process has locked the file, this releases the
 * lock.
 */
export const of: (path: string) => Effect.Effect<Identity | null, SinkReason, SinkServices> = Effect.fnUntraced(
  function*(path: string) {
    const info = yield* statIfAny(path)
    return info === undefined ? null : { ...stampOf(info), ends: yield* endsOf(path, info.size) }
  },
  Effect.mapError((error) => error._tag === "PlatformError" ? reasonOf(error) : error)
)

/** Whether size and time are the same, without reading the file. */
export const isUntouched = (path: string, { mtime, size }: Identity) =>
  Effect.map(statIfAny(path), (info) => {
    if (info === undefined) return false
    const now = stampOf(info)
    return now.size === size && now.mtime === mtime
  })

/** Whether it is the same file, even if its time changed. */
export const isSame = (path: string, identity: Identity) =>
  Effect.flatMap(isUntouched(path, identity), (isUntouched) =>
    isUntouched
      ? Effect.succeed(true)
      : Effect.map(of(path), (now) => now?.size === identity.size && now.ends === identity.ends))
