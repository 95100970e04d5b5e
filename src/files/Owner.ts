/** Whose a file or a directory is. Whoever else can change it chooses what it says, so that nothing is believed of it. */
import { Effect, FileSystem, Option, Runtime, Schema } from "effect"
import { lstat } from "node:fs/promises"
import { ExitCode } from "../failure/ExitCode.ts"

/** Another user owns it, or others may write it. */
export class NotOurs extends Schema.TaggedError<NotOurs>()("NotOurs", {
  path: Schema.String,
  /** The number of the user who owns it; undefined if it is ours. */
  owner: Schema.UndefinedOr(Schema.Int)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return this.owner === undefined
      ? `Others may write ${this.path}, and so choose what this program does. Nothing was done. If all in it is as you left it, run: chmod go-w '${this.path}'`
      : `${this.path} belongs to another user (uid ${this.owner}), who can choose what this program does. Nothing was done. Run it as that user, or, if all in it can be trusted, make it yours: chown -R "$(id -un)" '${this.path}'`
  }
}

const othersMayWrite = 0o022
const othersMayRead = 0o077

/** Whether other users may read a file; false if that cannot be found out. */
export const isReadByOthers = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  const mode = yield* fs.stat(path).pipe(Effect.map(({ mode }) => mode), Effect.orElseSucceed(() => 0))
  return (mode & othersMayRead) !== 0
})

/** Fails for what is there and is neither this user's nor root's, or may be written by others; where there are no users, never. */
export const check = Effect.fnUntraced(function*(path: string) {
  const us = process.geteuid?.()
  if (us === undefined) return
  const fs = yield* FileSystem.FileSystem
  const found = yield* Effect.option(fs.stat(path))
  if (Option.isNone(found)) return
  // whoever owns a link chooses where it leads
  const link = yield* Effect.option(Effect.tryPromise(() => lstat(path)))
  const owners = [
    Option.getOrElse(found.value.uid, () => us),
    Option.match(link, { onNone: () => us, onSome: ({ uid }) => uid })
  ]
  const stranger = owners.find((owner) => owner !== us && owner !== 0)
  if (stranger !== undefined) return yield* new NotOurs({ path, owner: stranger })
  if ((found.value.mode & othersMayWrite) !== 0) return yield* new NotOurs({ path, owner: undefined })
})
