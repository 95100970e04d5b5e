/**
 * Which file it is: whether another was put in its place, or somebody wrote to it. Times change when a folder is copied or
 * restored, so that a file whose time is another is looked into, at both ends: every format that runs share says there
 * which version of it this is.
 */
import { Effect, FileSystem, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import type { SinkReason, SinkServices } from "../Sink.ts"
import { reasonOf, statIfAny } from "./Platform.ts"

export const Identity = Schema.Struct({ size: Schema.String, mtime: Schema.NullOr(Schema.String), ends: Schema.String })
export interface Identity extends Schema.Schema.Type<typeof Identity> {}

/** Bytes that are looked at from the beginning and from the end. */
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

/** What is at the path; null if nothing is. Whatever lock of this process DuckDB has on the file is gone after it. */
export const of: (path: string) => Effect.Effect<Identity | null, SinkReason, SinkServices> = Effect.fnUntraced(
  function*(path: string) {
    const info = yield* statIfAny(path)
    return info === undefined ? null : { ...stampOf(info), ends: yield* endsOf(path, info.size) }
  },
  Effect.mapError((error) => error._tag === "PlatformError" ? reasonOf(error) : error)
)

/** Whether nobody has touched it, without a look into it. */
export const isUntouched = (path: string, { mtime, size }: Identity) =>
  Effect.map(statIfAny(path), (info) => {
    if (info === undefined) return false
    const now = stampOf(info)
    return now.size === size && now.mtime === mtime
  })

/** Whether it is the file, whatever its time. */
export const is = (path: string, identity: Identity) =>
  Effect.flatMap(isUntouched(path, identity), (isUntouched) =>
    isUntouched
      ? Effect.succeed(true)
      : Effect.map(of(path), (now) => now?.size === identity.size && now.ends === identity.ends))
