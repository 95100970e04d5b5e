/**
 * Duo's user object as it is on the wire, under Duo's names: https://duo.com/docs/adminapi#retrieve-users, Duo's Postman
 * collection and recorded answers. Every scalar but an id may be null, every list is an array.
 */
import type { Schema } from "effect"
import { Flag, Id, idOr, Int, List, listDecoder, object, Text, Texts, Time, Words } from "./Wire.ts"

export const Group = object({
  group_id: Id,
  name: Text,
  desc: Text,
  /** `Active`, `Bypass`, `Disabled`: capitalised, unlike a user's. */
  status: Text
}, { ignored: ["push_enabled", "sms_enabled", "mobile_otp_enabled", "voice_enabled"] })
export interface Group extends Schema.Schema.Type<typeof Group> {}

/** Known of a phone, wherever there is one, and not needed. */
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
  /** Of `auto`, `push`, `sms`, `phone`, `mobile_otp`. */
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
  /** `Security Key`, `Touch ID`, `iCloud Keychain` and so on: no enumeration. */
  label: Text,
  date_added: Time
})
export interface WebAuthnCredential extends Schema.Schema.Type<typeof WebAuthnCredential> {}

/** The legacy desktop token. */
export const DesktopToken = object({ desktoptoken_id: Id, name: Text, platform: Text, type: Text })
export interface DesktopToken extends Schema.Schema.Type<typeof DesktopToken> {}

export const DesktopAuthenticator = object({
  /** Its own key, or else Duo's number for it. */
  dakey: idOr("daid"),
  device_name: Text,
  duo_desktop_version: Text,
  os_family: Text
}, { ignored: ["daid", "user"] })
export interface DesktopAuthenticator extends Schema.Schema.Type<typeof DesktopAuthenticator> {}

/** As it comes. */
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
  /** Only of a synced user, as is `external_id`. */
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
  // Mostly from answers of 2026; Duo does not document them.
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

/** Reads the `response` of a page of users, as they are on the wire. */
export const decodeWireUsers = listDecoder(WireUser)
