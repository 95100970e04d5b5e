/** Checks who owns a file or a directory. If other users can change it, the program must not use what it says. */
import { Effect, FileSystem, Option, Runtime, Schema } from "effect"
import { lstat } from "node:fs/promises"
import { ExitCode } from "../failure/ExitCode.ts"

/** Another user owns the path, or other users may write it. */
export class NotOurs extends Schema.TaggedError<NotOurs>()("NotOurs", {
  path: Schema.String,
  /** The uid of the owner if it is another user; undefined if other users may write the path. */
  owner: Schema.UndefinedOr(Schema.Int)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return this.owner === undefined
      ? `Other users may write ${this.path}, and so change what this program does. Nothing was done. If its contents are as you left them, run: chmod go-w '${this.path}'`
      : `${this.path} belongs to another user (uid ${this.owner}), who can change what this program does. Nothing was done. Run it as that user, or, if you trust its contents, make it yours: chown -R "$(id -un)" '${this.path}'`
  }
}

const othersMayWrite = 0o022
const othersMayRead = 0o077

/** Whether other users may read a file; false if its mode cannot be read. */
export const isReadByOthers = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  const mode = yield* fs.stat(path).pipe(Effect.map(({ mode }) => mode), Effect.orElseSucceed(() => 0))
  return (mode & othersMayRead) !== 0
})

/**
 * Fails if the path exists and belongs neither to this user nor to root, or if others may write it. On Windows never
 * fails.
 */
export const check = Effect.fnUntraced(function*(path: string) {
  const us = process.geteuid?.()
  if (us === undefined) return
  const fs = yield* FileSystem.FileSystem
  const found = yield* Effect.option(fs.stat(path))
  if (Option.isNone(found)) return
  // the owner of a link chooses where it leads
  const link = yield* Effect.option(Effect.tryPromise(() => lstat(path)))
  const owners = [
    Option.getOrElse(found.value.uid, () => us),
    Option.match(link, { onNone: () => us, onSome: ({ uid }) => uid })
  ]
  const stranger = owners.find((owner) => owner !== us && owner !== 0)
  if (stranger !== undefined) return yield* new NotOurs({ path, owner: stranger })
  if ((found.value.mode & othersMayWrite) !== 0) return yield* new NotOurs({ path, owner: undefined })
})
