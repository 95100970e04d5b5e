/** The reasons why a sink can fail, and the messages that tell the user what to do. */
import { Predicate, Runtime, Schema } from "effect"
import { describeNewer } from "../Version.ts"
import { ExitCode } from "./ExitCode.ts"
import { codeIn } from "./PublicMessage.ts"
import { describe as describeShrunk, Shrunk } from "./Shrink.ts"

/**
 * The location cannot be created or written: missing permissions, a directory in the way, or a name that is too long.
 */
export class CannotCreate extends Schema.TaggedError<CannotCreate>()("CannotCreate", { detail: Schema.String }) {}
/** The disk or the quota is full. */
export class DiskFull extends Schema.TaggedError<DiskFull>()("DiskFull", {}) {}
/** The process or the system has reached its limit of open files. */
export class TooManyFiles extends Schema.TaggedError<TooManyFiles>()("TooManyFiles", {}) {}
/** The file system does not support locks, so two runs could not be kept apart. */
export class Unlockable extends Schema.TaggedError<Unlockable>()("Unlockable", { detail: Schema.String }) {}
/** Reading or writing failed for another reason. */
export class InputOutput extends Schema.TaggedError<InputOutput>()("InputOutput", { detail: Schema.String }) {}
/** The server does not answer, or the connection was lost. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", { detail: Schema.String }) {}
/** Another process has locked the location for writing. */
export class InUse extends Schema.TaggedError<InUse>()("InUse", { pid: Schema.NullOr(Schema.Int) }) {}
/** A later run is already published there: this one was slower, or its clock is behind. */
export class Superseded extends Schema.TaggedError<Superseded>()("Superseded", {
  by: Schema.String,
  /** The tenant of the run, by which a round can leave it out. */
  tenant: Schema.optionalKey(Schema.String)
}) {}
/** The data there has a format that only a later version knows. */
export class NewerFormat extends Schema.TaggedError<NewerFormat>()("NewerFormat", {
  format: Schema.Int,
  tool_version: Schema.String
}) {}
/** The data there is damaged, or this sink did not write it. */
export class Corrupt extends Schema.TaggedError<Corrupt>()("Corrupt", { detail: Schema.String }) {}

export const SinkReason = Schema.Union([
  CannotCreate,
  DiskFull,
  TooManyFiles,
  Unlockable,
  InputOutput,
  Unreachable,
  InUse,
  Superseded,
  NewerFormat,
  Corrupt,
  Shrunk
])
export type SinkReason = typeof SinkReason.Type
export const isSinkReason = Schema.is(SinkReason)

/** The advice after `TooManyFiles`. */
export const moreFiles = "raise the limit, as with ulimit -n 1024, and run again."

const exitCodes: Record<SinkReason["_tag"], number> = {
  CannotCreate: ExitCode.cannotCreate,
  DiskFull: ExitCode.io,
  TooManyFiles: ExitCode.io,
  Unlockable: ExitCode.cannotCreate,
  InputOutput: ExitCode.io,
  Unreachable: ExitCode.unavailable,
  InUse: ExitCode.busy,
  Superseded: ExitCode.busy,
  NewerFormat: ExitCode.cannotCreate,
  Corrupt: ExitCode.cannotCreate,
  Shrunk: ExitCode.refused
}

/** The failure of a sink: its name, its location and the reason. */
export class SinkError extends Schema.TaggedError<SinkError>()("SinkError", {
  sink: Schema.String,
  location: Schema.String,
  reason: SinkReason
}) {
  override readonly [Runtime.errorExitCode] = exitCodes[this.reason._tag]
  override get message() {
    return describe(this)
  }
  get publicMessage() {
    const { location, reason, sink } = this
    return describe({
      sink: sink.split(/[\\/]/).at(-1) ?? sink,
      location: location.includes("://") ? "its server" : "its place",
      reason: "detail" in reason ? { ...reason, detail: codeIn(reason.detail) } : reason
    })
  }
}

/**
 * A failure as a sink's author writes it: a reason, to which the engine adds name and location, or a whole `SinkError`.
 */
export type SinkFailure = SinkReason | SinkError

/**
 * Whether it is a `SinkError`. The tag decides, because a sink of another package may have its own copy of the class.
 */
export const isSinkError = (error: unknown): error is SinkError =>
  Predicate.isTagged(error, "SinkError") && Predicate.hasProperty(error, "reason")

const describe = ({ location, reason, sink }: Pick<SinkError, "location" | "reason" | "sink">): string => {
  switch (reason._tag) {
    case "CannotCreate":
      return `The ${sink} sink cannot write ${location}: ${reason.detail}. Make it writable, or name another place with --sink ${sink}:PATH.`
    case "DiskFull":
      return `The disk is full: the ${sink} sink could not finish ${location}. Nothing was published; free some space and run again.`
    case "TooManyFiles":
      return `Too many files are open for the ${sink} sink at ${location}. Nothing was published; ${moreFiles}`
    case "Unlockable":
      return `The file system of ${location} does not support file locks, which keep two runs apart: ${reason.detail}. Nothing changed; name a place on another file system with --sink ${sink}:PATH.`
    case "InputOutput":
      return `The ${sink} sink failed at ${location}: ${reason.detail}. Nothing was published; check the disk and run again.`
    case "Unreachable":
      return `The ${sink} sink cannot reach ${location}: ${reason.detail}. Nothing was published; run again when it answers.`
    case "InUse":
      return `${location} is locked by ${
        reason.pid === null ? "another process" : `process ${reason.pid}`
      }. Nothing changed; run again when that process has closed it (programs that only read may keep it open), or let extract wait with --wait 10m.`
    case "Superseded":
      return `${location} already has run ${reason.by}, which is later than this one. Nothing changed; run again. A replay needs a place of its own: --sink ${sink}:PATH.`
    case "NewerFormat":
      return `${location} ${describeNewer(reason)}`
    case "Corrupt":
      return `The ${sink} sink cannot use ${location}: ${reason.detail}. Move it away and run again.`
    case "Shrunk":
      return describeShrunk(reason)
  }
}
