/** Why a sink can fail, and what its user is told to do. */
import { Predicate, Runtime, Schema } from "effect"
import { describeNewer } from "../Version.ts"
import { ExitCode } from "./ExitCode.ts"
import { codeIn } from "./PublicMessage.ts"
import { describe as describeShrunk, Shrunk } from "./Shrink.ts"

/** It cannot be created or written there: permissions, a directory in the way, a name too long. */
export class CannotCreate extends Schema.TaggedError<CannotCreate>()("CannotCreate", { detail: Schema.String }) {}
/** The disk or the quota is full. */
export class DiskFull extends Schema.TaggedError<DiskFull>()("DiskFull", {}) {}
/** The process, or the system, may open no more files. */
export class TooManyFiles extends Schema.TaggedError<TooManyFiles>()("TooManyFiles", {}) {}
/** Its file system gives no locks, so that two runs could not be kept apart. */
export class Unlockable extends Schema.TaggedError<Unlockable>()("Unlockable", { detail: Schema.String }) {}
/** Reading or writing failed for another reason. */
export class InputOutput extends Schema.TaggedError<InputOutput>()("InputOutput", { detail: Schema.String }) {}
/** Nothing answers there, or no longer. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", { detail: Schema.String }) {}
/** Another process has it open for writing. */
export class Held extends Schema.TaggedError<Held>()("Held", { pid: Schema.NullOr(Schema.Int) }) {}
/** A run is there that is later than this one, by its clock or because it was faster. */
export class Overtaken extends Schema.TaggedError<Overtaken>()("Overtaken", { by: Schema.String }) {}
/** What is there is in a format that only a later version knows. */
export class Newer extends Schema.TaggedError<Newer>()("Newer", {
  format: Schema.Int,
  tool_version: Schema.String
}) {}
/** What is there is not what this sink writes. */
export class Corrupt extends Schema.TaggedError<Corrupt>()("Corrupt", { detail: Schema.String }) {}

export const SinkReason = Schema.Union([
  CannotCreate,
  DiskFull,
  TooManyFiles,
  Unlockable,
  InputOutput,
  Unreachable,
  Held,
  Overtaken,
  Newer,
  Corrupt,
  Shrunk
])
export type SinkReason = typeof SinkReason.Type
export const isSinkReason = Schema.is(SinkReason)

/** What to do about `TooManyFiles`. */
export const moreFiles = "allow more, as with ulimit -n 1024, and run again."

const exitCodes: Record<SinkReason["_tag"], number> = {
  CannotCreate: ExitCode.cannotCreate,
  DiskFull: ExitCode.io,
  TooManyFiles: ExitCode.io,
  Unlockable: ExitCode.cannotCreate,
  InputOutput: ExitCode.io,
  Unreachable: ExitCode.unavailable,
  Held: ExitCode.busy,
  Overtaken: ExitCode.busy,
  Newer: ExitCode.cannotCreate,
  Corrupt: ExitCode.cannotCreate,
  Shrunk: ExitCode.refused
}

/** The one way a sink fails. */
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
      location: location.includes("://") ? "the database" : "its place",
      reason: "detail" in reason ? { ...reason, detail: codeIn(reason.detail) } : reason
    })
  }
}

/** How a sink fails: with a reason, to which the engine adds its name and location; or with both already, if it knows better. */
export type SinkFailure = SinkReason | SinkError

/** By its tag, for a sink of somebody else may fail with the class of another copy of this module. */
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
      return `The file system of ${location} gives no locks, which keep two runs apart: ${reason.detail}. Nothing changed; name a place on another one with --sink ${sink}:PATH.`
    case "InputOutput":
      return `The ${sink} sink failed at ${location}: ${reason.detail}. Nothing was published; check the disk and run again.`
    case "Unreachable":
      return `The ${sink} sink cannot reach ${location}: ${reason.detail}. Nothing was published; run again when it answers.`
    case "Held":
      return `${location} is held by ${
        reason.pid === null ? "another process" : `process ${reason.pid}`
      }. Nothing changed; run again when it has let go (readers may stay, writers may not), or have extract wait with --wait 10m.`
    case "Overtaken":
      return `${location} has run ${reason.by}, which is later than this one. Nothing changed; run again. What is replayed needs a place of its own: --sink ${sink}:PATH.`
    case "Newer":
      return `${location} ${describeNewer(reason)}`
    case "Corrupt":
      return `${location} is not something the ${sink} sink can go on with: ${reason.detail}. Move it away and run again.`
    case "Shrunk":
      return describeShrunk(reason)
  }
}
