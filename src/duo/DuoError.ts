/**
 * The error of every failed request to Duo. Its `reason` says which failure it is. The message says in one or two
 * lines what happened and what to do, and never has a secret, a signature or anything about a person.
 */
import { Effect, Runtime, Schema } from "effect"
import { ExitCode } from "../failure/ExitCode.ts"
import { codeIn } from "../failure/PublicMessage.ts"
import {
  AnswerMissing,
  BadPaging,
  BadRequest,
  DuoReason,
  Forbidden,
  MethodNotAllowed,
  NotDuo,
  NotFound,
  NotUtf8,
  RecordUnwritable,
  Refused,
  ServerError,
  Tls,
  Transport,
  Unauthorized,
  UnreadableAnswer
} from "./DuoReason.ts"
import { describe } from "./Explain.ts"
import * as SettingNames from "./SettingNames.ts"

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
    case "UnreadableAnswer":
    case "BadPaging":
    case "AnswerMissing":
      return ExitCode.data
    case "RecordUnwritable":
      return ExitCode.io
    case "NotFound":
    case "MethodNotAllowed":
      // without a code of Duo's, another server answered that it has no such path
      return reason.code === null ? ExitCode.unavailable : ExitCode.denied
    case "Unauthorized":
    case "Forbidden":
    case "BadRequest":
    case "Refused":
      return ExitCode.denied
  }
}

export class DuoError extends Schema.TaggedError<DuoError>()("DuoError", {
  /** The path of the request, without the query. */
  path: Schema.String,
  /** How many times the request was sent. */
  attempts: Schema.Int,
  reason: DuoReason,
  /** Whether the request was for a child account, with the keys of its parent. */
  ofChild: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(false))),
  /** The names of the settings that the message may mention. */
  names: SettingNames.SettingNames.pipe(Schema.withConstructorDefault(Effect.succeed(SettingNames.inEnvironment))),
  /** A sentence that the caller adds. */
  hint: Schema.optionalKey(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = exitCode(this.reason)
  override get message() {
    return describe(this)
  }
  get publicMessage() {
    return describe({ ...this, reason: withoutTexts(this.reason) })
  }
}

/** The reason without any text of Duo's, or of another server that answered in its place. */
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
    case "UnreadableAnswer":
      // the keys of `aliases` are a customer's own text
      return new UnreadableAnswer({ ...reason, where: reason.where.replace(/(\.aliases)\.\S+/, "$1") })
    case "BadPaging":
      return new BadPaging({ what: "the log of the run says why" })
    case "AnswerMissing":
      return new AnswerMissing({ directory: "the directory", what: "does not have all answers" })
    case "RecordUnwritable":
      return new RecordUnwritable({ directory: "the directory", detail: codeIn(reason.detail) })
    case "Timeout":
    case "Truncated":
    case "TooLarge":
    case "NotJson":
    case "RateLimited":
    case "BudgetSpent":
      return reason
  }
}
