/** Turns errors of the file system into the reasons of sinks. */
import { Effect, FileSystem, type PlatformError, Predicate } from "effect"
import { CannotCreate, DiskFull, InputOutput, type SinkReason, TooManyFiles } from "../failure/SinkError.ts"

const unusable = /^(EACCES|EPERM|EROFS|ENOTDIR|EISDIR|ENAMETOOLONG|ENOENT|EEXIST|EXDEV|ELOOP)$/
const full = /^(ENOSPC|EDQUOT)$/
const tooMany = /^(EMFILE|ENFILE)$/

/** The system's error code, such as `ENOSPC`; "" if there is none. */
const codeOf = (reason: PlatformError.PlatformError["reason"]) =>
  "cause" in reason && Predicate.hasProperty(reason.cause, "code") ? String(reason.cause.code) : ""

/** The reason of a sink for an error of the file system. */
export const reasonOf = ({ reason }: PlatformError.PlatformError): SinkReason => {
  const cause = "cause" in reason ? reason.cause : undefined
  const code = codeOf(reason)
  const detail = cause instanceof Error ? cause.message : reason.message
  if (full.test(code)) return new DiskFull()
  if (tooMany.test(code)) return new TooManyFiles()
  return unusable.test(code) || reason._tag === "PermissionDenied" || reason._tag === "NotFound"
    ? new CannotCreate({ detail })
    : new InputOutput({ detail })
}

/** The result of `stat`; undefined if the path does not exist. */
export const statIfAny = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.stat(path).pipe(
    Effect.catchIf((error) => error.reason._tag === "NotFound", () => Effect.void),
    Effect.mapError(reasonOf)
  )
})

/**
 * Whether the error shows that nothing can exist at the path: a parent is missing, a link is circular, a name is too
 * long.
 */
export const isNowhere = ({ reason }: PlatformError.PlatformError) =>
  reason._tag === "NotFound" || reason._tag === "BadResource" || /^(ELOOP|ENAMETOOLONG)$/.test(codeOf(reason))
