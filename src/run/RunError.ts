/** The failures of a run that do not come from its source or from a sink. */
import { Runtime, Schema } from "effect"
import { ExitCode } from "../failure/ExitCode.ts"
import { codeIn } from "../failure/PublicMessage.ts"
import { describe as describeShrunk, Shrunk } from "../failure/Shrink.ts"
import { moreFiles, type SinkReason } from "../failure/SinkError.ts"
import { Filled } from "../Outcome.ts"
import { describeNewer } from "../Version.ts"

/** Another run has the lock of the data directory. */
export class Locked extends Schema.TaggedError<Locked>()("Locked", {
  directory: Schema.String,
  pid: Schema.NullOr(Schema.Int)
}) {}

/** The data directory, or the manifests in it, cannot be read or written. */
export class DataDirectory extends Schema.TaggedError<DataDirectory>()("DataDirectory", {
  directory: Schema.String,
  detail: Schema.String,
  /** `unwritable`: it could not be used from the start. `failed`: it worked, and then the disk failed. */
  why: Schema.Literals(["full", "too many files", "unlockable", "unwritable", "failed"])
}) {}

/** The directory for temporary files cannot be written. */
export class Temporary extends Schema.TaggedError<Temporary>()("Temporary", {
  directory: Schema.String,
  detail: Schema.String
}) {}

const whys: Partial<Record<SinkReason["_tag"], DataDirectory["why"]>> = {
  DiskFull: "full",
  TooManyFiles: "too many files",
  Unlockable: "unlockable",
  CannotCreate: "unwritable",
  Corrupt: "unwritable"
}

/** The failure of a data directory, from the reason that a sink would give. */
export const inDataDirectory = (directory: string, reason: SinkReason) =>
  new DataDirectory({
    directory,
    detail: "detail" in reason ? reason.detail : reason._tag,
    why: whys[reason._tag] ?? "failed"
  })

/** The failure of a directory for temporary files, from the reason that a sink would give. */
export const inTemporary = (directory: string, reason: SinkReason) =>
  reason._tag === "CannotCreate"
    ? new Temporary({ directory, detail: reason.detail })
    : inDataDirectory(directory, reason)

/** A manifest has a format that only a later version knows. */
export class NewerManifest extends Schema.TaggedError<NewerManifest>()("NewerManifest", {
  file: Schema.String,
  format: Schema.Int,
  tool_version: Schema.String
}) {}

/** A table had many rows in the last run, and is empty now. */
export class Emptied extends Schema.TaggedError<Emptied>()("Emptied", {
  tenant: Schema.String,
  /** The table that is empty. */
  what: Schema.String,
  before: Schema.Int
}) {}

/** Fields that most objects had in the last run, and hardly any object has now. */
export class Vanished extends Schema.TaggedError<Vanished>()("Vanished", {
  fields: Schema.NonEmptyArray(Schema.Struct({ field: Schema.String, before: Filled, now: Filled }))
}) {}

/** A tenant's API host was published under another name, so its rows would be there twice. */
export class KnownAs extends Schema.TaggedError<KnownAs>()("KnownAs", {
  tenant: Schema.String,
  host: Schema.String,
  known: Schema.String
}) {}

/** A tenant of a round was not read in the time that it may take. */
export class TenantTooSlow extends Schema.TaggedError<TenantTooSlow>()("TenantTooSlow", {
  tenant: Schema.String,
  /** Such as `1h`. */
  limit: Schema.String
}) {}

/** A replayed run is older than a published run, whose rows it would replace. */
export class Outdated extends Schema.TaggedError<Outdated>()("Outdated", {
  run_id: Schema.String,
  newest: Schema.String
}) {}

/** No sink of the command can say which events of a log it has. */
export class NoEventSink extends Schema.TaggedError<NoEventSink>()("NoEventSink", {
  sinks: Schema.Array(Schema.String)
}) {}

/** The run is sealed, but could not be published in one of its sinks yet. */
export class Unpublished extends Schema.TaggedError<Unpublished>()("Unpublished", {
  run_id: Schema.String,
  detail: Schema.String
}) {}

/** The manifest of an unfinished run names a sink or a location that this command does not name. */
export class UnnamedTarget extends Schema.TaggedError<UnnamedTarget>()("UnnamedTarget", {
  run_id: Schema.String,
  sink: Schema.String,
  location: Schema.String
}) {}

const Reason = Schema.Union([
  Locked,
  DataDirectory,
  Temporary,
  NewerManifest,
  Emptied,
  Shrunk,
  Vanished,
  KnownAs,
  TenantTooSlow,
  Outdated,
  NoEventSink,
  Unpublished,
  UnnamedTarget
])
type Reason = typeof Reason.Type

export class RunError extends Schema.TaggedError<RunError>()("RunError", { reason: Reason }) {
  override readonly [Runtime.errorExitCode] = exitCode(this.reason)
  override get message() {
    return describe(this.reason)
  }
  get publicMessage(): string | undefined {
    const { reason } = this
    switch (reason._tag) {
      case "DataDirectory":
        return describe(new DataDirectory({ ...reason, detail: codeIn(reason.detail) }))
      case "Temporary":
        return describe(new Temporary({ directory: "TMPDIR", detail: codeIn(reason.detail) }))
      case "Unpublished":
        return describe(new Unpublished({ ...reason, detail: codeIn(reason.detail) }))
      case "Locked":
      case "Emptied":
      case "Shrunk":
      case "Vanished":
      case "TenantTooSlow":
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
    case "TenantTooSlow":
      return ExitCode.busy
    case "DataDirectory":
      return reason.why === "unwritable" || reason.why === "unlockable" ? ExitCode.cannotCreate : ExitCode.io
    case "Temporary":
      return ExitCode.cannotCreate
    case "NewerManifest":
      return ExitCode.cannotCreate
    case "Emptied":
    case "Shrunk":
    case "Vanished":
    case "KnownAs":
    case "Outdated":
    case "UnnamedTarget":
      return ExitCode.refused
    case "NoEventSink":
      return ExitCode.usage
    case "Unpublished":
      return ExitCode.io
  }
}

function describe(reason: Reason): string {
  switch (reason._tag) {
    case "Locked":
      return `Another run is using ${reason.directory}${
        reason.pid === null ? "" : ` (process ${reason.pid})`
      }. Nothing changed; run again when it has ended, or let extract wait with --wait 10m.`
    case "DataDirectory":
      return describeDataDirectory(reason)
    case "Temporary":
      return `The directory for temporary files, ${reason.directory}, cannot be used: ${reason.detail}. Make it writable, or name another with TMPDIR.`
    case "NewerManifest":
      return `${reason.file} ${describeNewer(reason)}`
    case "Emptied":
      return `${reason.tenant} has no ${reason.what}, and had ${reason.before} in the run before. Nothing changed; if that is right, run again with --allow-empty.`
    case "Shrunk":
      return describeShrunk(reason)
    case "Vanished":
      return `${describeVanished(reason)} Nothing changed; if that is right, run again with --max-shrink 100.`
    case "KnownAs":
      return `${reason.host} was published as ${reason.known} before, and its rows would be there twice. Call it ${reason.known}, in the file of --tenants; or first retire that name, with tenants retire.`
    case "TenantTooSlow":
      return `${reason.tenant} could not be read within ${reason.limit}. Nothing of it changed; run again later, or allow more with --tenant-timeout.`
    case "Outdated":
      return `The recorded run ${reason.run_id} is older than run ${reason.newest}, which is published here already. Nothing changed; replay into another directory, with DUO_MFA_DATA.`
    case "NoEventSink":
      return `A log needs a sink that says which events it has, and ${
        reason.sinks.join(", ") || "no sink"
      } cannot. Add --sink parquet, or --sink postgres.`
    case "UnnamedTarget":
      return describeUnnamed(reason)
    case "Unpublished":
      return `Run ${reason.run_id} is sealed, but could not be published everywhere yet (${reason.detail}). Run again: the next run publishes it first. If that keeps failing, move runs/${reason.run_id}.json.sealed out of the data directory.`
  }
}

const describeDataDirectory = ({ detail, directory, why }: DataDirectory): string => {
  switch (why) {
    case "full":
      return `The disk is full: ${directory} cannot be written. Nothing was published; free some space and run again.`
    case "too many files":
      return `Too many files are open in the data directory ${directory}. Nothing was published; ${moreFiles}`
    case "unlockable":
      return `The file system of the data directory ${directory} does not support file locks, which keep two runs apart: ${detail}. Name a directory on another file system with DUO_MFA_DATA.`
    case "unwritable":
      return `The data directory ${directory} cannot be used: ${detail}. Make it writable, or name another with DUO_MFA_DATA.`
    case "failed":
      return `The data directory ${directory} failed: ${detail}. Nothing was published; check the disk and run again.`
  }
}

const describeUnnamed = ({ location, run_id, sink }: UnnamedTarget): string =>
  `Run ${run_id} was not finished. Its file in the data directory names ${sink}:${location}, which is outside the data directory and not a sink of this command. Nothing was done, because somebody else may have written that file. If the run was yours, run extract with that --sink again; if not, move runs/${run_id}.json.* out of the data directory.`

/** A sentence about the first of the fields, and the names of the others. */
const describeVanished = ({ fields: [{ before, field, now }, ...others] }: Vanished): string => {
  const [kind = "", name = ""] = field.split(".")
  const more = others.length === 0 ? "" : `, and so with ${others.map((other) => other.field).join(", ")}`
  return `${before.filled} of ${before.of} ${kind} had ${name} in the run before, and ${now.filled} of ${now.of} have now${more}.`
}
