/**
 * Describes Duo's user object, with Duo's own names. The sources are https://duo.com/docs/adminapi#retrieve-users,
 * Duo's Postman collection and recorded answers. Every scalar except an id may be null. Every list is an array.
 */
import type { Schema } from "effect"
import { listDecoder } from "./Decoder.ts"
import { Flag, Id, idOr, Int, List, object, Text, Texts, Time, Words } from "./Wire.ts"

export const Group = object({
  group_id: Id,
  name: Text,
  desc: Text,
  /** `Active`, `Bypass`, `Disabled`: with a capital letter, unlike a user's status. */
  status: Text
}, { ignored: ["push_enabled", "sms_enabled", "mobile_otp_enabled", "voice_enabled"] })
export interface Group extends Schema.Schema.Type<typeof Group> {}

/** Fields of a phone that are known and not needed. */
export const ignoredOfPhone: ReadonlyArray<string> = [
  "predelay",
  "postdelay",
  "creation_date",
  "last_activated_date",
  "quarantined"
]

export const Phone = object({
  phone_id: Id,
  /** "" for a tablet. */
  number: Text,
  extension: Text,
  name: Text,
  /** `Mobile`, `Landline`, `Unknown`. */
  type: Text,
  platform: Text,
  model: Text,
  activated: Flag,
  /** Some of `auto`, `push`, `sms`, `phone`, `mobile_otp`. */
  capabilities: Words,
  /** `2022-12-16T07:39:49`, without a zone, or "". */
  last_seen: Text,
  sms_passcodes_sent: Flag,
  encrypted: Text,
  fingerprint: Text,
  screenlock: Text,
  tampered: Text,
  app_version: Text,
  os_version: Text
}, { ignored: ignoredOfPhone })
export interface Phone extends Schema.Schema.Type<typeof Phone> {}

export const Token = object({
  token_id: Id,
  serial: Text,
  /** `h6`, `h8`, `t6`, `t8`, `yk`, `d1`. */
  type: Text,
  totp_step: Int
})
export interface Token extends Schema.Schema.Type<typeof Token> {}

export const U2fToken = object({ registration_id: Id, date_added: Time })
export interface U2fToken extends Schema.Schema.Type<typeof U2fToken> {}

export const WebAuthnCredential = object({
  webauthnkey: Id,
  credential_name: Text,
  /** `Security Key`, `Touch ID`, `iCloud Keychain` or any other text. */
  label: Text,
  date_added: Time
})
export interface WebAuthnCredential extends Schema.Schema.Type<typeof WebAuthnCredential> {}

/** The legacy desktop token. */
export const DesktopToken = object({ desktoptoken_id: Id, name: Text, platform: Text, type: Text })
export interface DesktopToken extends Schema.Schema.Type<typeof DesktopToken> {}

export const DesktopAuthenticator = object({
  /** The key of the authenticator, or `daid` (Duo's number for it) if it has no key. */
  dakey: idOr("daid"),
  device_name: Text,
  duo_desktop_version: Text,
  os_family: Text
}, { ignored: ["daid", "user"] })
export interface DesktopAuthenticator extends Schema.Schema.Type<typeof DesktopAuthenticator> {}

/** A user as Duo sends it. */
export const WireUser = object({
  user_id: Id,
  username: Text,
  /** Up to `alias8`. */
  aliases: Texts,
  alias1: Text,
  alias2: Text,
  alias3: Text,
  alias4: Text,
  email: Text,
  realname: Text,
  firstname: Text,
  lastname: Text,
  /** `active`, `bypass`, `disabled`, `locked out`, `pending deletion`. */
  status: Text,
  is_enrolled: Flag,
  /** Unix seconds; null for never. */
  last_login: Time,
  created: Time,
  last_directory_sync: Time,
  /** Like `external_id`, only for a user from a directory sync. */
  directory_key: Text,
  external_id: Text,
  notes: Text,
  lockout_reason: Text,
  groups: List(Group),
  phones: List(Phone),
  tokens: List(Token),
  u2ftokens: List(U2fToken),
  webauthncredentials: List(WebAuthnCredential),
  desktoptokens: List(DesktopToken),
  desktop_authenticators: List(DesktopAuthenticator)
}, {
  // Duo does not document them; most are from answers of 2026
  ignored: [
    "enable_auto_prompt",
    "custom_attributes",
    "date_of_birth",
    "entra_federated_user_id",
    "has_password",
    "password_last_updated"
  ]
})
export interface WireUser extends Schema.Schema.Type<typeof WireUser> {}

/** Checks and reads the `response` of a page of users. */
export const decodeWireUsers = listDecoder(WireUser)
