/** The ways a run fails that are neither its source's nor a sink's. */
import { Runtime, Schema } from "effect"
import { codeIn } from "./Abroad.ts"
import { ExitCode } from "./ExitCode.ts"
import { Filled } from "./Outcome.ts"
import { describe as describeShrunk, Shrunk } from "./Shrink.ts"
import type { SinkReason } from "./Sink.ts"
import { describeNewer } from "./Version.ts"

/** Another run holds the data directory. */
export class Locked extends Schema.TaggedError<Locked>()("Locked", {
  directory: Schema.String,
  pid: Schema.NullOr(Schema.Int)
}) {}

/** The data directory, or the manifests in it, cannot be read or written. */
export class DataDirectory extends Schema.TaggedError<DataDirectory>()("DataDirectory", {
  directory: Schema.String,
  detail: Schema.String,
  full: Schema.Boolean,
  /** It never worked, as opposed to a disk that failed on the way. */
  unwritable: Schema.Boolean
}) {}

/** A data directory that fails the way a sink's location does. */
export const inDataDirectory = (directory: string, reason: SinkReason) =>
  new DataDirectory({
    directory,
    detail: "detail" in reason ? reason.detail : reason._tag,
    full: reason._tag === "DiskFull",
    unwritable: reason._tag === "CannotCreate" || reason._tag === "Corrupt"
  })

/** A manifest is in a format that only a later version knows. */
export class NewerManifest extends Schema.TaggedError<NewerManifest>()("NewerManifest", {
  file: Schema.String,
  format: Schema.Int,
  tool_version: Schema.String
}) {}

/** A tenant that had something came back without any. */
export class Emptied extends Schema.TaggedError<Emptied>()("Emptied", {
  tenant: Schema.String,
  /** The table that is empty. */
  what: Schema.String,
  before: Schema.Int
}) {}

/** Fields in which most objects said something in the run before, and hardly any does now. */
export class Vanished extends Schema.TaggedError<Vanished>()("Vanished", {
  fields: Schema.NonEmptyArray(Schema.Struct({ field: Schema.String, before: Filled, now: Filled }))
}) {}

/** A run that is done again from its record would put its rows in the place of newer ones, or of its own. */
export class Outdated extends Schema.TaggedError<Outdated>()("Outdated", {
  run_id: Schema.String,
  newest: Schema.String
}) {}

/** The run is sealed, and one of its sinks could not show it yet. */
export class Unpublished extends Schema.TaggedError<Unpublished>()("Unpublished", {
  run_id: Schema.String,
  detail: Schema.String
}) {}

/** A run that was not finished leads to a sink or to a place that only its file in the data directory names. */
export class Unnamed extends Schema.TaggedError<Unnamed>()("Unnamed", {
  run_id: Schema.String,
  sink: Schema.String,
  location: Schema.String
}) {}

const Reason = Schema.Union([
  Locked,
  DataDirectory,
  NewerManifest,
  Emptied,
  Shrunk,
  Vanished,
  Outdated,
  Unpublished,
  Unnamed
])
type Reason = typeof Reason.Type

export class RunError extends Schema.TaggedError<RunError>()("RunError", { reason: Reason }) {
  override readonly [Runtime.errorExitCode] = exitCode(this.reason)
  override get message() {
    return describe(this.reason)
  }
  get abroad(): string | undefined {
    const { reason } = this
    switch (reason._tag) {
      case "DataDirectory":
        return describe(new DataDirectory({ ...reason, detail: codeIn(reason.detail) }))
      case "Unpublished":
        return describe(new Unpublished({ ...reason, detail: codeIn(reason.detail) }))
      case "Locked":
      case "Emptied":
      case "Shrunk":
      case "Vanished":
      case "Outdated":
        return this.message
      default:
        return undefined
    }
  }
}

function exitCode(reason: Reason): number {
  switch (reason._tag) {
    case "Locked":
      return ExitCode.busy
    case "DataDirectory":
      return reason.unwritable ? ExitCode.cannotCreate : ExitCode.io
    case "NewerManifest":
      return ExitCode.cannotCreate
    case "Emptied":
    case "Shrunk":
    case "Vanished":
    case "Outdated":
    case "Unnamed":
      return ExitCode.refused
    case "Unpublished":
      return ExitCode.io
  }
}

function describe(reason: Reason): string {
  switch (reason._tag) {
    case "Locked":
      return `Another run is going in ${reason.directory}${
        reason.pid === null ? "" : ` (process ${reason.pid})`
      }. Nothing changed; run again when it has ended, or have extract wait with --wait 10m.`
    case "DataDirectory":
      return reason.full
        ? `The disk is full: ${reason.directory} cannot be written. Nothing was published; free some space and run again.`
        : reason.unwritable
        ? `The data directory ${reason.directory} cannot be used: ${reason.detail}. Make it writable, or name another with DUO_MFA_DATA.`
        : `The data directory ${reason.directory} failed: ${reason.detail}. Nothing was published; check the disk and run again.`
    case "NewerManifest":
      return `${reason.file} ${describeNewer(reason)}`
    case "Emptied":
      return `${reason.tenant} has no ${reason.what}, and had ${reason.before} in the run before. Nothing changed; if that is right, run again with --allow-empty.`
    case "Shrunk":
      return describeShrunk(reason)
    case "Vanished":
      return `${describeVanished(reason)} Nothing changed; if that is right, run again with --max-shrink 100.`
    case "Outdated":
      return `The recorded run ${reason.run_id} is older than ${reason.newest}, whose rows are here already. Nothing changed; replay into another directory, with DUO_MFA_DATA.`
    case "Unnamed":
      return describeUnnamed(reason)
    case "Unpublished":
      return `Run ${reason.run_id} is whole, but could not be published everywhere yet (${reason.detail}). Run again: the next run finishes it first. If it never can, move runs/${reason.run_id}.json.sealed out of the data directory.`
  }
}

const describeUnnamed = ({ location, run_id, sink }: Unnamed): string =>
  `Run ${run_id} was not finished, and its file in the data directory leads to ${sink}:${location}, which is not in there. Nothing was done: a file alone sends nobody there. If it was yours, run extract with that --sink again; if not, move runs/${run_id}.json.* out of the data directory.`

/** The first of the fields in a sentence of its own, and how many others there are. */
const describeVanished = ({ fields: [{ before, field, now }, ...others] }: Vanished): string => {
  const [kind = "", name = ""] = field.split(".")
  const more = others.length === 0 ? "" : `, and so with ${others.map((other) => other.field).join(", ")}`
  return `${before.filled} of ${before.of} ${kind} had ${name} in the run before, and ${now.filled} of ${now.of} have now${more}.`
}
