/**
 * Describes an entry of Duo's authentication log: https://duo.com/docs/adminapi#authentication-logs, and recorded
 * entries of 2020 to 2024. Every field except the transaction may be null or missing.
 */
import type { Schema } from "effect"
import { listDecoder } from "./Decoder.ts"
import { FlagOrUnknown, Id, List, listOrWord, nullOr, object, Text, Time, Words } from "./Wire.ts"

const Location = object({ city: Text, state: Text, country: Text }, { ignored: "others" })

const AccessDevice = object({
  /** Text: recorded addresses have ports, in seven notations. */
  ip: Text,
  hostname: Text,
  epkey: Text,
  browser: Text,
  browser_version: Text,
  os: Text,
  os_version: Text,
  is_encryption_enabled: FlagOrUnknown,
  is_firewall_enabled: FlagOrUnknown,
  is_password_set: FlagOrUnknown,
  /** A list, null, or the text "unknown". */
  security_agents: listOrWord(object({ security_agent: Text, version: Text }, { ignored: "others" })),
  location: nullOr(Location)
}, { ignored: ["flash_version", "java_version"] })

const AuthDevice = object({
  /** The id of a phone or a token. Older entries do not have it. */
  key: Text,
  /** Such as `My iPhone X (734-555-2342)`, or a phone number, or the id of a WebAuthn credential. */
  name: Text,
  ip: Text,
  location: nullOr(Location)
})

const Assessment = object({ trust_level: Text, reason: Text }, { ignored: "others" })

export const LogEvent = object({
  txid: Id,
  /** Unix seconds. */
  timestamp: Time,
  /** RFC 3339 with microseconds. */
  isotimestamp: Text,
  /** `authentication` or `enrollment`. */
  event_type: Text,
  factor: Text,
  /** The factor that a remembered device stands for. */
  remembered_factor: Text,
  /** `success`, `denied`, `fraud`; in upper case in older entries. */
  result: Text,
  reason: Text,
  user: nullOr(object({ key: Text, name: Text, groups: Words })),
  /** "" and "unknown" stand for none, as in `alias`. */
  email: Text,
  alias: Text,
  application: nullOr(object({ key: Text, name: Text, destination_name: Text })),
  auth_device: nullOr(AuthDevice),
  access_device: nullOr(AccessDevice),
  trusted_endpoint_status: Text,
  ood_software: Text,
  adaptive_trust_assessments: nullOr(
    object({ more_secure_auth: nullOr(Assessment), remember_me: nullOr(Assessment) }, { ignored: "others" })
  ),
  rbfs_triggered_attacks: List(object({ detector: Text }, { ignored: "others" })),
  passport_assessment: nullOr(object({ is_supported: FlagOrUnknown, reason: Text }, { ignored: "others" }))
}, {
  // the last two are added by other programs that read the log
  ignored: ["trusted_session_info", "eventtype", "host"]
})
export interface LogEvent extends Schema.Schema.Type<typeof LogEvent> {}

/** Checks and reads the entries of a page. */
export const decodeEvents = listDecoder(LogEvent)

const iso = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/

/**
 * When an entry happened, in microseconds since 1970: by `isotimestamp`, or by `timestamp`, which has only seconds.
 * Undefined if neither is a time.
 */
export const instantOf = ({ isotimestamp, timestamp }: Pick<LogEvent, "isotimestamp" | "timestamp">) => {
  const [, time = "", fraction = "", zone = "Z"] = iso.exec(isotimestamp ?? "") ?? []
  const millis = Date.parse(`${time.replace(" ", "T")}${zone.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2")}`)
  if (Number.isFinite(millis)) return millis * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"))
  return timestamp === null ? undefined : timestamp * 1_000_000
}
