/**
 * Reads an HTTP answer. It is Duo's success `{"stat": "OK", "response": ...}`, Duo's failure `{"stat": "FAIL", "code":
 * 40103, ...}` with any HTTP status, or something that did not come from Duo.
 */
import { Duration, Result } from "effect"
import { Headers } from "effect/http"
import { sanitise } from "../../text/ForeignText.ts"
import {
  BadRequest,
  type DuoReason,
  Forbidden,
  MethodNotAllowed,
  NotDuo,
  NotFound,
  NotJson,
  NotUtf8,
  RateLimited,
  Refused,
  ServerError,
  Truncated,
  Unauthorized,
  UnreadableAnswer
} from "../DuoReason.ts"
import { type HalfPair, replaceHalves } from "../wire/WellFormed.ts"

/** A success of Duo's. `metadata` is undefined if Duo sent none. */
export interface Answer {
  readonly response: unknown
  readonly metadata: unknown
  /** Where the list had half of a surrogate pair. Each half is replaced by U+FFFD. */
  readonly halves: ReadonlyArray<HalfPair>
  /** Whether the text is known from before. If so, it is not parsed, and `response` and `metadata` are undefined. */
  readonly isKnown: boolean
  /** The whole body. */
  readonly text: string
  /** A Unix time by the server's clock before it made the answer; null if the answer does not show one. */
  readonly notBefore: number | null
}

/** A whole HTTP answer. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly text: string
  /** This machine's clock, in milliseconds. */
  readonly now: number
  /** Milliseconds from the request to the end of the answer; null if they were not measured. */
  readonly duration: number | null
}

/** Whether the same text was read before and was a success. */
export type IsKnown = (text: string) => boolean

export const interpret = (received: HttpAnswer, isKnown: IsKnown = () => false): Result.Result<Answer, DuoReason> => {
  const { headers, status, text } = received
  if (status === 200 && isKnown(text)) {
    const notBefore = notBeforeOf(received)
    return Result.succeed({ response: undefined, metadata: undefined, halves: [], isKnown: true, text, notBefore })
  }
  if (status === 200) return success(received)
  if (status > 200 && status < 300) return Result.fail(new NotDuo({ detail: `HTTP ${status} without an answer` }))
  if (status >= 300 && status < 400) return Result.fail(new NotDuo({ detail: redirection(status, headers) }))
  const envelope = Result.getOrUndefined(parse(text))
  return Result.fail(refusal(received, status, isObject(envelope) ? envelope : undefined))
}

const success = (received: HttpAnswer): Result.Result<Answer, DuoReason> => {
  const { headers, status, text } = received
  if (text === "") {
    return Result.fail(
      headers["content-encoding"] === undefined ? new NotDuo({ detail: "an empty answer" }) : new Truncated()
    )
  }
  if (text.startsWith("\uFEFF")) return Result.fail(new NotUtf8({ detail: "it starts with a byte order mark" }))
  if (!/^\s*\{/.test(text)) return Result.fail(new NotDuo({ detail: `${kindOfPage(text)} instead of JSON` }))
  return Result.flatMap(parse(text), (envelope): Result.Result<Answer, DuoReason> => {
    if (!isObject(envelope) || !("stat" in envelope)) {
      return Result.fail(new NotDuo({ detail: "JSON without Duo's stat" }))
    }
    if (envelope.stat === "FAIL") return Result.fail(refusal(received, status, envelope))
    if (envelope.stat !== "OK") return Result.fail(new NotDuo({ detail: "JSON with a stat that Duo does not use" }))
    return "response" in envelope
      ? Result.succeed({
        response: envelope.response,
        metadata: "metadata" in envelope ? envelope.metadata : undefined,
        // UTF-8 cannot hold half of a pair, so only an escape in the JSON can make one
        halves: maySplit(text) ? replaceHalves(envelope.response) : [],
        isKnown: false,
        text,
        notBefore: notBeforeOf(received)
      })
      : Result.fail(new UnreadableAnswer({ where: "response", why: "is missing" }))
  })
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const kindOfPage = (text: string) => /^\s*</.test(text) ? "a page of HTML" : "something"

const redirection = (status: number, headers: Headers.Headers): string => {
  const location = headers["location"]
  const target = location !== undefined && URL.canParse(location) ? ` to ${sanitise(new URL(location).host)}` : ""
  return `a redirect${target} (HTTP ${status}), which is never followed`
}

const parse = (text: string): Result.Result<unknown, NotJson | Truncated> =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    catch: () => endsEarly(text) ? new Truncated() : new NotJson()
  })

/** A fast test that comes before the slow expression below. */
const hasSurrogate = (text: string) => text.includes("\\ud") || text.includes("\\uD")

/**
 * An escape of half a pair without the other half beside it. It also matches an escaped backslash before such letters.
 */
const loneEscape = /\\u[dD][89abAB][\dA-Fa-f]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][\dA-Fa-f]{2})\\u[dD][c-fC-F]/

/** Whether JSON may have half of a surrogate pair. */
export const maySplit = (text: string) => hasSurrogate(text) && loneEscape.test(text)

/** Whether text that is not JSON ends inside an object or a list. */
const endsEarly = (text: string): boolean => {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (quoted) {
      if (char === "\\") at++
      else if (char === "\"") quoted = false
    } else if (char === "\"") quoted = true
    else if (char === "{" || char === "[") depth++
    else if (char === "}" || char === "]") depth--
  }
  return depth > 0
}

/**
 * The reason of a failure, by its HTTP status. A failure with HTTP 200 has its status in the first three digits of its
 * code.
 */
const refusal = (received: HttpAnswer, httpStatus: number, envelope: object | undefined): DuoReason => {
  const code = envelope !== undefined && "code" in envelope ? codeOf(envelope.code) : null
  const status = httpStatus === 200 && code !== null ? Math.floor(code / 100) : httpStatus
  const failure = { status, code, message: messageOf(envelope) }
  if (status >= 500) return new ServerError(failure)
  switch (status) {
    case 400:
      return new BadRequest(failure)
    case 401:
      return new Unauthorized({ ...failure, skewSeconds: skewOf(received) })
    case 403:
      return envelope === undefined
        ? new NotDuo({ detail: `HTTP 403 with ${kindOfPage(received.text)} instead of JSON` })
        : new Forbidden(failure)
    case 404:
      return new NotFound(failure)
    case 405:
      return new MethodNotAllowed(failure)
    case 407:
      return new NotDuo({ detail: "a proxy that wants credentials (HTTP 407)" })
    case 429:
      return new RateLimited({ retryAfter: retryAfter(received) })
    default:
      return new Refused(failure)
  }
}

/** Duo sends an integer. Duo's Go client has met an empty string as well. */
const codeOf = (code: unknown): number | null =>
  (typeof code === "number" || typeof code === "string") && /^\d{5}$/.test(String(code)) ? Number(code) : null

const messageOf = (envelope: object | undefined): string => {
  if (envelope === undefined) return ""
  const message = "message" in envelope && typeof envelope.message === "string" ? envelope.message : ""
  const detail = "message_detail" in envelope && typeof envelope.message_detail === "string" && envelope.message_detail
  return sanitise(detail ? `${message} (${detail})` : message)
}

/** Seconds, for servers whose clocks differ, and for the fraction of a second that the `Date` header leaves out. */
const clockMargin = 2

/** The time of the answer, minus the time that it took: the server may have made it right after the request came. */
const notBeforeOf = ({ duration, headers }: HttpAnswer): number | null => {
  const date = Result.getOrUndefined(Headers.parseHttpDate(headers["date"] ?? ""))
  return date === undefined || duration === null
    ? null
    : Math.floor((date.epochMilliseconds - duration) / 1000) - clockMargin
}

/** How many seconds this machine's clock is ahead of the server's, by the `Date` header. */
export const skewOf = ({ headers, now }: Pick<HttpAnswer, "headers" | "now">): number | null => {
  const date = Result.getOrUndefined(Headers.parseHttpDate(headers["date"] ?? ""))
  return date === undefined ? null : Math.round((now - date.epochMilliseconds) / 1000)
}

/** The same by the answer to a ping, which has a Unix time, or by its header if the answer has no time. */
export const pingSkew = (response: unknown, { headers, now }: Pick<HttpAnswer, "headers" | "now">): number | null =>
  isObject(response) && "time" in response && Number.isSafeInteger(response.time)
    ? Math.floor(now / 1000) - Number(response.time)
    : skewOf({ headers, now })

/** A longer time is ignored: it is a mistake, or an attempt to stall the run. */
const retryAfterSecondsMax = 120

/**
 * The header has seconds or an HTTP date, and may be called `X-Retry-After`: Duo's documents and test server have all
 * of them.
 */
const retryAfter = ({ headers, now }: HttpAnswer): number | null => {
  const header = headers["retry-after"] ?? headers["x-retry-after"] ?? ""
  const parsed = Result.getOrUndefined(Headers.parseRetryAfter(header))
  if (parsed === undefined) return null
  const seconds = Duration.toSeconds(Headers.retryAfterDelay(parsed, now))
  return seconds <= retryAfterSecondsMax ? seconds : null
}
