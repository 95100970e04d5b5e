/** Turns Duo's values into cells of a row. */
import type { Phone, Token, WebAuthnCredential } from "../../src/duo/wire/User.ts"
import type * as Strength from "./Strength.ts"

/** The cells of an authenticator without details. The strength comes after them. */
export const withoutDetails = {
  method_type: null,
  name: null,
  label: null,
  platform: null,
  model: null,
  number: null,
  extension: null,
  serial: null,
  activated: null,
  capabilities: null,
  can_push: false,
  can_otp: false,
  can_sms: false,
  can_call: false
}

/** NULL for "", which Duo writes for an unknown or missing value. */
export const emptyAsNull = (value: string | null): string | null => value === "" ? null : value

/** Duo's times are Unix seconds. */
export const fromSeconds = (seconds: number | null): bigint | null =>
  seconds === null ? null : BigInt(seconds) * 1_000_000n

const timeText =
  /^(\d{4})-(\d\d)-(\d\d)[T ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):?([0-5]\d))?$/

const earliest = Date.parse("0001-01-01T00:00:00Z")
const latest = Date.parse("9999-12-31T23:59:59Z")

/** `last_seen` is a text, usually without a zone, and then UTC. NULL for a text that is not a time in the years 1 to 9999. */
export const fromText = (text: string | null): bigint | null => {
  const parts = text === null ? null : timeText.exec(text)
  if (parts === null) return null
  const [_, year, month, day, hour, minute, second, fraction = "", sign, hours, minutes] = parts
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  // 30 February has become 2 March
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null
  const local = date.setUTCHours(Number(hour), Number(minute), Number(second))
  const ahead = sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000
  const millis = local - ahead
  return millis < earliest || millis > latest
    ? null
    : BigInt(millis) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"))
}

/** The distinct values, sorted and joined. */
export const joined = (texts: ReadonlyArray<string | null>): string | null =>
  texts.length < 2
    ? emptyAsNull(texts[0] ?? null)
    : emptyAsNull([...new Set(texts)].flatMap((text) => text === null || text === "" ? [] : [text]).sort().join(", "))

/** The objects sorted by id, with the first of those that have the same id. */
export const byId = <A>(things: ReadonlyArray<A>, id: (thing: A) => string): ReadonlyArray<readonly [string, A]> => {
  if (things.length < 2) return things.map((thing) => [id(thing), thing])
  const found = new Map<string, A>()
  for (const thing of things) {
    if (!found.has(id(thing))) found.set(id(thing), thing)
  }
  return [...found].sort(([a], [b]) => a < b ? -1 : 1)
}

/** The cells of a phone, and its uses. */
export const ofPhone = (phone: Omit<Phone, "phone_id">, uses: Strength.PhoneUses) => ({
  method_type: emptyAsNull(phone.type),
  name: emptyAsNull(phone.name),
  platform: emptyAsNull(phone.platform),
  model: emptyAsNull(phone.model),
  number: emptyAsNull(phone.number),
  extension: emptyAsNull(phone.extension),
  activated: phone.activated,
  capabilities: joined(phone.capabilities),
  ...uses,
  last_seen_at: fromText(phone.last_seen)
})

/** The cells of a hardware token. */
export const ofToken = ({ serial, totp_step, type }: Token) => ({
  method_type: emptyAsNull(type),
  serial: emptyAsNull(serial),
  can_otp: true,
  totp_step
})

/** The cells of a WebAuthn credential. */
export const ofCredential = ({ credential_name, date_added, label }: Omit<WebAuthnCredential, "webauthnkey">) => ({
  name: emptyAsNull(credential_name),
  label: emptyAsNull(label),
  enrolled_at: fromSeconds(date_added)
})
