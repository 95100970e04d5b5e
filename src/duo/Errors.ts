/**
 * The one way Duo fails: `DuoError`, told apart by its tagged `reason`. A message says in a line or two what happened and
 * what to do, and never holds a secret, a signature or anything about a person.
 */
import { Runtime, Schema } from "effect"
import { codeIn } from "../Abroad.ts"
import { ExitCode } from "../ExitCode.ts"
import { describe } from "./Explain.ts"

/** The network: the name does not resolve, nobody listens, the connection was reset. `detail` is an error code. */
export class Transport extends Schema.TaggedError<Transport>()("Transport", { detail: Schema.String }) {}
/** The server's certificate or its TLS is refused. */
export class Tls extends Schema.TaggedError<Tls>()("Tls", { detail: Schema.String }) {}
export class Timeout extends Schema.TaggedError<Timeout>()("Timeout", {
  which: Schema.Literals(["headers", "idle", "attempt"])
}) {}
/** The answer ended before it was whole. */
export class Truncated extends Schema.TaggedError<Truncated>()("Truncated", {}) {}
export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", { limit: Schema.Int }) {}
/** Bytes that are no UTF-8, or a byte order mark. */
export class NotUtf8 extends Schema.TaggedError<NotUtf8>()("NotUtf8", { detail: Schema.String }) {}
/** Starts like an answer of Duo's, and is no JSON. */
export class NotJson extends Schema.TaggedError<NotJson>()("NotJson", {}) {}
/** Somebody else answered: a redirect, a login page, nothing. */
export class NotDuo extends Schema.TaggedError<NotDuo>()("NotDuo", { detail: Schema.String }) {}

/** What Duo says of a failure: its code, of which the first three digits are the HTTP status, and its sentence. */
const said = { status: Schema.Int, code: Schema.NullOr(Schema.Int), message: Schema.String }

/** `retryAfter` in seconds, if Duo named a sane time. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  retryAfter: Schema.NullOr(Schema.Finite)
}) {}
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", said) {}
/** `skewSeconds`: how far this machine's clock is ahead of the server's. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  ...said,
  skewSeconds: Schema.NullOr(Schema.Int)
}) {}
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", said) {}
export class BadRequest extends Schema.TaggedError<BadRequest>()("BadRequest", said) {}
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", said) {}
export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>()("MethodNotAllowed", said) {}
/** Another 4xx, or a FAIL without a code. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", said) {}

/** Duo's answer is not what its reference says. `where` is a path such as `response[3].phones[0].phone_id`. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Schema", {
  where: Schema.String,
  why: Schema.Literals(["has an impossible value", "has the wrong type", "is missing", "was not kept as it came"])
}) {}
/** Following the pages would lose users or never end. */
export class BadPaging extends Schema.TaggedError<BadPaging>()("BadPaging", { what: Schema.String }) {}
/** The run has been patient for long enough. */
export class BudgetSpent extends Schema.TaggedError<BudgetSpent>()("BudgetSpent", {
  which: Schema.Literals(["rate limit", "transport"]),
  /** How often the run has tried again, and how long it has waited. */
  retries: Schema.Int,
  seconds: Schema.Int
}) {}

/** The record of a run does not have what the run needs. `what` is the rest of a sentence about it. */
export class NotRecorded extends Schema.TaggedError<NotRecorded>()("NotRecorded", {
  directory: Schema.String,
  what: Schema.String
}) {}
/** An answer came, and could not be kept. */
export class Unrecorded extends Schema.TaggedError<Unrecorded>()("Unrecorded", {
  directory: Schema.String,
  detail: Schema.String
}) {}

export const DuoReason = Schema.Union([
  Transport,
  Tls,
  Timeout,
  Truncated,
  TooLarge,
  NotUtf8,
  NotJson,
  NotDuo,
  RateLimited,
  ServerError,
  Unauthorized,
  Forbidden,
  BadRequest,
  NotFound,
  MethodNotAllowed,
  Refused,
  Unreadable,
  BadPaging,
  BudgetSpent,
  NotRecorded,
  Unrecorded
])
export type DuoReason = typeof DuoReason.Type

const exitCode = (reason: DuoReason): number => {
  switch (reason._tag) {
    case "Transport":
    case "Tls":
    case "Timeout":
    case "Truncated":
    case "NotDuo":
    case "ServerError":
      return ExitCode.unavailable
    case "RateLimited":
      return ExitCode.busy
    case "BudgetSpent":
      return reason.which === "rate limit" ? ExitCode.busy : ExitCode.unavailable
    case "TooLarge":
    case "NotUtf8":
    case "NotJson":
    case "Schema":
    case "BadPaging":
    case "NotRecorded":
      return ExitCode.data
    case "Unrecorded":
      return ExitCode.io
    case "NotFound":
    case "MethodNotAllowed":
      // without a code of Duo's it is somebody else who has no such path
      return reason.code === null ? ExitCode.unavailable : ExitCode.denied
    case "Unauthorized":
    case "Forbidden":
    case "BadRequest":
    case "Refused":
      return ExitCode.denied
  }
}

export class DuoError extends Schema.TaggedError<DuoError>()("DuoError", {
  /** Without the query. */
  path: Schema.String,
  /** How often the request was sent. */
  attempts: Schema.Int,
  reason: DuoReason,
  /** A sentence that only the caller can know. */
  hint: Schema.optionalKey(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = exitCode(this.reason)
  override get message() {
    return describe(this)
  }
  get abroad() {
    return describe({ ...this, reason: withoutTexts(this.reason) })
  }
}

/** The reason without what Duo, or whoever answered in its place, has said in words. */
const withoutTexts = (reason: DuoReason): DuoReason => {
  switch (reason._tag) {
    case "Transport":
      return new Transport({ detail: codeIn(reason.detail) })
    case "Tls":
      return new Tls({ detail: codeIn(reason.detail) })
    case "NotUtf8":
      return new NotUtf8({ detail: "it is not UTF-8" })
    case "NotDuo":
      return new NotDuo({ detail: codeIn(reason.detail) })
    case "ServerError":
      return new ServerError({ ...reason, message: "" })
    case "Unauthorized":
      return new Unauthorized({ ...reason, message: "" })
    case "Forbidden":
      return new Forbidden({ ...reason, message: "" })
    case "BadRequest":
      return new BadRequest({ ...reason, message: "" })
    case "NotFound":
      return new NotFound({ ...reason, message: "" })
    case "MethodNotAllowed":
      return new MethodNotAllowed({ ...reason, message: "" })
    case "Refused":
      return new Refused({ ...reason, message: "" })
    case "Schema":
      // a name in an object that somebody else made up is somebody's text
      return new Unreadable({ ...reason, where: reason.where.replace(/(\.aliases)\.\S+/, "$1") })
    case "BadPaging":
      return new BadPaging({ what: "the log of the run says why" })
    case "NotRecorded":
      return new NotRecorded({ directory: "the directory", what: "does not have all answers" })
    case "Unrecorded":
      return new Unrecorded({ directory: "the directory", detail: codeIn(reason.detail) })
    case "Timeout":
    case "Truncated":
    case "TooLarge":
    case "NotJson":
    case "RateLimited":
    case "BudgetSpent":
      return reason
  }
}

const most = 200

/**
 * Text of somebody else's, made fit for a terminal and a log: no control characters, nothing that reverses the reading
 * direction, no long run that may be a credential, at most 200 characters.
 */
export const clean = (text: string): string => {
  const plain = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ")
    .replace(/[A-Za-z0-9+/=_-]{32,}/g, "…")
    .trim()
  const characters = Array.from(plain)
  return characters.length > most ? `${characters.slice(0, most).join("")}…` : plain
}
