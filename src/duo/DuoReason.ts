/** Why a request to Duo can fail, or what it answered cannot be used. */
import { Schema } from "effect"

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
const duoFailure = { status: Schema.Int, code: Schema.NullOr(Schema.Int), message: Schema.String }

/** `retryAfter` in seconds, if Duo named a sane time. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  retryAfter: Schema.NullOr(Schema.Finite)
}) {}
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", duoFailure) {}
/** `skewSeconds`: how far this machine's clock is ahead of the server's. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  ...duoFailure,
  skewSeconds: Schema.NullOr(Schema.Int)
}) {}
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", duoFailure) {}
export class BadRequest extends Schema.TaggedError<BadRequest>()("BadRequest", duoFailure) {}
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", duoFailure) {}
export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>()("MethodNotAllowed", duoFailure) {}
/** Another 4xx, or a FAIL without a code. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", duoFailure) {}

/** Duo's answer is not what its reference says. `where` is a path such as `response[3].phones[0].phone_id`. */
export class UnreadableAnswer extends Schema.TaggedError<UnreadableAnswer>()("UnreadableAnswer", {
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
  UnreadableAnswer,
  BadPaging,
  BudgetSpent,
  NotRecorded,
  Unrecorded
])
export type DuoReason = typeof DuoReason.Type
