/** Describes faults and when they happen, as data that tests, demos and JSON files share. */
import { Schema } from "effect"
import { Dice, mix } from "../people/Dice.ts"
import { Edit } from "../people/Tenant.ts"

const fault = <const Name extends string, const Fields extends Schema.Struct.Fields>(name: Name, fields: Fields) =>
  Schema.Struct({ fault: Schema.Literal(name), ...fields })

/** The form of the `Retry-After` header of a 429. */
export const RetryAfter = Schema.Literals(["none", "seconds", "http-date", "x-retry-after"])
export type RetryAfter = typeof RetryAfter.Type

const Positive = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

export const Fault = Schema.Union([
  /**
   * An error as Duo sends it. `http` replaces the status that follows from the code; `empty_code` sends `"code": ""`.
   */
  fault("status", {
    code: Schema.Int,
    message: Schema.optionalKey(Schema.String),
    detail: Schema.optionalKey(Schema.String),
    http: Schema.optionalKey(Schema.Int)
  }),
  fault("empty_code", { http: Schema.optionalKey(Schema.Int), message: Schema.optionalKey(Schema.String) }),
  /** A 429. `raw` is sent as the Retry-After header, whatever it is: garbage, "-1", "99999". */
  fault("rate_limit", {
    retry_after: Schema.optionalKey(RetryAfter),
    seconds: Schema.optionalKey(Schema.Int),
    raw: Schema.optionalKey(Schema.String)
  }),
  /** The key was rotated: code 40103 although the signature is right. */
  fault("key_rotated", {}),
  /** A status of 200 with `"stat": "FAIL"`. */
  fault("fail_200", { code: Schema.optionalKey(Schema.Int), message: Schema.optionalKey(Schema.String) }),
  fault("html", { http: Schema.optionalKey(Schema.Int) }),
  fault("empty", { http: Schema.optionalKey(Schema.Int) }),
  fault("redirect", { to: Schema.String, http: Schema.optionalKey(Schema.Int) }),
  /** The server's clock is wrong by so many seconds. */
  fault("clock", { seconds: Schema.Int }),
  fault("edit", { edit: Edit, after: Schema.optionalKey(Schema.Boolean) }),
  /** Pages are shorter than asked for, with the right offsets. */
  fault("short_page", { size: Positive }),
  /** The last users of a page are missing, but the offsets count them. */
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
  /** The value of `total_objects`: JSON text, or the true number plus a difference. */
  fault("total_objects", { json: Schema.optionalKey(Schema.String), add: Schema.optionalKey(Schema.Int) }),
  /** Sets a field of one user of the page, or of all, to this JSON text. Without a text the field is removed. */
  fault("field", {
    name: Schema.String,
    json: Schema.optionalKey(Schema.String),
    user: Schema.optionalKey(Schema.Union([Schema.Int, Schema.Literal("every")]))
  }),
  fault("bom", {}),
  fault("invalid_utf8", {}),
  /** The body ends early: its length is too large, a chunk is cut, or its gzip stops. `keep` bytes of it arrive. */
  fault("truncated", {
    how: Schema.Literals(["length", "chunked", "gzip"]),
    keep: Schema.optionalKey(Schema.Int)
  }),
  fault("slow", { bytes: Positive, every_ms: Positive }),
  /** The request is accepted and read, but never answered. */
  fault("silence", {}),
  fault("reset", { at: Schema.Literals(["start", "headers", "body"]) }),
  /** Adds so many MiB of blanks before the body's end, or endless blanks. With gzip, a thousandth of that is sent. */
  fault("oversized", {
    mib: Schema.optionalKey(Positive),
    how: Schema.optionalKey(Schema.Literals(["chunked", "length", "gzip"]))
  }),
  /** Every byte is a packet of its own. */
  fault("one_byte", {})
])
export type Fault = typeof Fault.Type
export type FaultName = Fault["fault"]

/**
 * The conditions of a rule. All must hold. `page` counts requests for a list of users, `request` counts all; from 1.
 */
const When = Schema.Struct({
  /** The path of the request. If this ends in `*`, the beginning of the path. */
  path: Schema.optionalKey(Schema.String),
  /** The offset that is asked of a list. */
  offset: Schema.optionalKey(Schema.Int),
  request: Schema.optionalKey(Positive),
  /** This request and every later one. */
  from: Schema.optionalKey(Positive),
  page: Schema.optionalKey(Positive),
  /** This page request and every later one. */
  from_page: Schema.optionalKey(Positive),
  /** Only until so many seconds after the start of the emulator. */
  before: Schema.optionalKey(Positive),
  /** In so many percent of the requests. The request's number decides. */
  percent: Schema.optionalKey(Schema.Int),
  /** The largest number of times. If not given, there is no limit. */
  times: Schema.optionalKey(Positive)
})
type When = typeof When.Type

const Rule = Schema.Struct({ when: Schema.optionalKey(When), do: Fault })
export type Rule = typeof Rule.Type

/** Rules in order. Every rule whose conditions hold for a request is applied. */
export const Scenario = Schema.Array(Rule)
export type Scenario = typeof Scenario.Type

/** Reads a scenario from the text of a JSON file. */
export const fromJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Scenario))

/** A request, as the conditions of rules see it. */
export interface RequestPlace {
  readonly path: string
  readonly list: boolean
  readonly offset: number
  readonly request: number
  /** The number of the page request; 0 if the request does not ask for a list of users. */
  readonly page: number
  /** Seconds since the start of the emulator. */
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

/** A rule whose conditions hold for a request. `reached` records that its fault was applied. */
export interface Due {
  readonly fault: Fault
  readonly reached: () => void
  /** State that the rule keeps between requests. */
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
