/** What goes wrong, and when: faults as data, so that a test, a demo and a JSON file say them in the same words. */
import { Schema } from "effect"
import { Dice, mix } from "../people/Dice.ts"
import { Edit } from "../people/Tenant.ts"

const fault = <const Name extends string, const Fields extends Schema.Struct.Fields>(name: Name, fields: Fields) =>
  Schema.Struct({ fault: Schema.Literal(name), ...fields })

/** How a 429 says when to come back. */
export const RetryAfter = Schema.Literals(["none", "seconds", "http-date", "x-retry-after"])
export type RetryAfter = typeof RetryAfter.Type

const Positive = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

export const Fault = Schema.Union([
  /** An error of Duo's. `http` overrides the status that the code implies; `empty_code` sends `"code": ""`. */
  fault("status", {
    code: Schema.Int,
    message: Schema.optionalKey(Schema.String),
    detail: Schema.optionalKey(Schema.String),
    http: Schema.optionalKey(Schema.Int)
  }),
  fault("empty_code", { http: Schema.optionalKey(Schema.Int), message: Schema.optionalKey(Schema.String) }),
  /** 429; `raw` is sent as the Retry-After header whatever it is: garbage, "-1", "99999". */
  fault("rate_limit", {
    retry_after: Schema.optionalKey(RetryAfter),
    seconds: Schema.optionalKey(Schema.Int),
    raw: Schema.optionalKey(Schema.String)
  }),
  /** The key was rotated: 40103 to a signature that was right. */
  fault("key_rotated", {}),
  /** 200 and `"stat": "FAIL"`. */
  fault("fail_200", { code: Schema.optionalKey(Schema.Int), message: Schema.optionalKey(Schema.String) }),
  fault("html", { http: Schema.optionalKey(Schema.Int) }),
  fault("empty", { http: Schema.optionalKey(Schema.Int) }),
  fault("redirect", { to: Schema.String, http: Schema.optionalKey(Schema.Int) }),
  /** The server's clock is off by so much. */
  fault("clock", { seconds: Schema.Int }),
  fault("edit", { edit: Edit, after: Schema.optionalKey(Schema.Boolean) }),
  /** Shorter pages than asked for; the offsets stay right. */
  fault("short_page", { size: Positive }),
  /** The last users of the page are missing; the offsets pretend that they were there. */
  fault("drop_users", { count: Positive }),
  fault("no_metadata", {}),
  fault("no_stat", {}),
  fault("next_offset", {
    to: Schema.Literals([
      "missing",
      "null",
      "same",
      "smaller",
      "negative",
      "string",
      "float",
      "huge",
      "repeated",
      "empty_string"
    ])
  }),
  /** JSON text instead of the number, or the number and so many. */
  fault("total_objects", { json: Schema.optionalKey(Schema.String), add: Schema.optionalKey(Schema.Int) }),
  /** A field of a user of the page, or of every one, becomes this JSON text, sent as it is; without a text it goes away. */
  fault("field", {
    name: Schema.String,
    json: Schema.optionalKey(Schema.String),
    user: Schema.optionalKey(Schema.Union([Schema.Int, Schema.Literal("every")]))
  }),
  fault("bom", {}),
  fault("invalid_utf8", {}),
  /** Ends early: a length that is too large, a chunk cut, or gzip that stops. `keep` bytes of the body arrive. */
  fault("truncated", {
    how: Schema.Literals(["length", "chunked", "gzip"]),
    keep: Schema.optionalKey(Schema.Int)
  }),
  fault("slow", { bytes: Positive, every_ms: Positive }),
  /** Accepted, read, and never answered. */
  fault("silence", {}),
  fault("reset", { at: Schema.Literals(["start", "headers", "body"]) }),
  /** So many MiB of blanks before the body's end, or blanks for ever; as gzip they are a thousandth of that on the way. */
  fault("oversized", {
    mib: Schema.optionalKey(Positive),
    how: Schema.optionalKey(Schema.Literals(["chunked", "length", "gzip"]))
  }),
  /** Every byte in a packet of its own. */
  fault("one_byte", {})
])
export type Fault = typeof Fault.Type
export type FaultName = Fault["fault"]

/** All that is said must hold. `page` counts requests for a list of users, `request` counts all; both from 1. */
const When = Schema.Struct({
  /** The whole path, or how it begins if it ends in `*`. */
  path: Schema.optionalKey(Schema.String),
  /** The offset asked of a list. */
  offset: Schema.optionalKey(Schema.Int),
  request: Schema.optionalKey(Positive),
  /** This request and every later one. */
  from: Schema.optionalKey(Positive),
  page: Schema.optionalKey(Positive),
  /** This page request and every later one. */
  from_page: Schema.optionalKey(Positive),
  /** Only so many seconds after the start of the emulator. */
  before: Schema.optionalKey(Positive),
  /** So many times out of a hundred, decided by the request's number. */
  percent: Schema.optionalKey(Schema.Int),
  /** At most so often; for ever if not said. */
  times: Schema.optionalKey(Positive)
})
type When = typeof When.Type

const Rule = Schema.Struct({ when: Schema.optionalKey(When), do: Fault })
export type Rule = typeof Rule.Type

/** Every rule that holds for a request is applied, in this order. */
export const Scenario = Schema.Array(Rule)
export type Scenario = typeof Scenario.Type

/** A scenario out of the text of a JSON file. */
export const fromJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Scenario))

/** Where a request stands in the run. */
export interface RequestPlace {
  readonly path: string
  readonly list: boolean
  readonly offset: number
  readonly request: number
  /** 0 if it does not ask for a list of users. */
  readonly page: number
  /** Since the start of the emulator. */
  readonly seconds: number
}

const holds = (when: When, place: RequestPlace): boolean =>
  (when.path === undefined ||
    (when.path.endsWith("*") ? place.path.startsWith(when.path.slice(0, -1)) : place.path === when.path)) &&
  (when.offset === undefined || place.list && place.offset === when.offset) &&
  (when.request === undefined || place.request === when.request) &&
  (when.from === undefined || place.request >= when.from) &&
  (when.page === undefined || place.page === when.page) &&
  (when.from_page === undefined || place.page >= when.from_page) &&
  (when.before === undefined || place.seconds < when.before) &&
  (when.percent === undefined || new Dice(mix(0xfa17, place.request)).chance(when.percent))

/** A rule that holds for a request; `reached` says that it was applied. */
export interface Due {
  readonly fault: Fault
  readonly reached: () => void
  /** What the rule remembers between requests. */
  readonly memory: Map<string, string>
}

export interface Script {
  readonly due: (place: RequestPlace) => ReadonlyArray<Due>
  /** How often each fault was applied. */
  readonly reached: Readonly<Partial<Record<FaultName, number>>>
}

export const start = (scenario: Scenario): Script => {
  const reached: Partial<Record<FaultName, number>> = {}
  const rules = scenario.map((rule) => ({ rule, used: 0, memory: new Map<string, string>() }))
  return {
    reached,
    due: (place) =>
      rules
        .filter(({ rule: { when = {} }, used }) => used < (when.times ?? Infinity) && holds(when, place))
        .map((entry) => ({
          fault: entry.rule.do,
          memory: entry.memory,
          reached: () => {
            entry.used++
            reached[entry.rule.do.fault] = (reached[entry.rule.do.fault] ?? 0) + 1
          }
        }))
  }
}
