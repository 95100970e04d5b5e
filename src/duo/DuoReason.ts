/** The reasons why a request to Duo fails, or why its answer cannot be used. */
import { Schema } from "effect"

/** A failure of the network: no such name, connection refused or reset. `detail` is an error code. */
export class Transport extends Schema.TaggedError<Transport>()("Transport", { detail: Schema.String }) {}
/** The server's certificate or its TLS is not trusted. */
export class Tls extends Schema.TaggedError<Tls>()("Tls", { detail: Schema.String }) {}
export class Timeout extends Schema.TaggedError<Timeout>()("Timeout", {
  which: Schema.Literals(["headers", "idle", "attempt"])
}) {}
/** The answer ended too early. */
export class Truncated extends Schema.TaggedError<Truncated>()("Truncated", {}) {}
export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", { limit: Schema.Int }) {}
/** The answer is not UTF-8, or begins with a byte order mark. */
export class NotUtf8 extends Schema.TaggedError<NotUtf8>()("NotUtf8", { detail: Schema.String }) {}
/** The answer begins like JSON and is not JSON. */
export class NotJson extends Schema.TaggedError<NotJson>()("NotJson", {}) {}
/** Another server answered, with a redirect, a login page, or nothing. */
export class NotDuo extends Schema.TaggedError<NotDuo>()("NotDuo", { detail: Schema.String }) {}

/** Duo's own code and sentence for a failure. The first three digits of the code are the HTTP status. */
const duoFailure = { status: Schema.Int, code: Schema.NullOr(Schema.Int), message: Schema.String }

/** Duo answered 429. `retryAfter` is in seconds; null if Duo gave no time, or one that is too long. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  retryAfter: Schema.NullOr(Schema.Finite)
}) {}
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", duoFailure) {}
/** `skewSeconds` is how far this machine's clock is ahead of the server's; null if that is not known. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  ...duoFailure,
  skewSeconds: Schema.NullOr(Schema.Int)
}) {}
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", duoFailure) {}
export class BadRequest extends Schema.TaggedError<BadRequest>()("BadRequest", duoFailure) {}
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", duoFailure) {}
export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>()("MethodNotAllowed", duoFailure) {}
/** Another 4xx, or a failure with HTTP 200 and no code. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", duoFailure) {}

/** Duo's answer does not match its reference. `where` is a path such as `response[3].phones[0].phone_id`. */
export class UnreadableAnswer extends Schema.TaggedError<UnreadableAnswer>()("UnreadableAnswer", {
  where: Schema.String,
  why: Schema.Literals(["has an impossible value", "has the wrong type", "is missing", "was not kept as it came"])
}) {}
/** To follow the pages would lose users, or would never end. */
export class BadPaging extends Schema.TaggedError<BadPaging>()("BadPaging", { what: Schema.String }) {}
/** The retry budget of the run is spent. */
export class BudgetSpent extends Schema.TaggedError<BudgetSpent>()("BudgetSpent", {
  which: Schema.Literals(["rate limit", "transport"]),
  /** How many retries there were, and how many seconds they waited. */
  retries: Schema.Int,
  seconds: Schema.Int
}) {}

/** A record does not have an answer that the replay needs. `what` is the end of a sentence about the record. */
export class AnswerMissing extends Schema.TaggedError<AnswerMissing>()("AnswerMissing", {
  directory: Schema.String,
  what: Schema.String
}) {}
/** An answer came, and could not be written to the record. */
export class RecordUnwritable extends Schema.TaggedError<RecordUnwritable>()("RecordUnwritable", {
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
  AnswerMissing,
  RecordUnwritable
])
export type DuoReason = typeof DuoReason.Type
