/** Invents authenticators, as JSON text with sorted keys. Their forms and values are those of real tenants. */
import { type Dice, type Ids, ids, type NonEmpty } from "./Dice.ts"
import { quote } from "./PythonJson.ts"

/** The tenant that methods are invented for. */
export interface InventedTenant {
  readonly seed: number
  /** An instant in seconds since 1970. Everything in the tenant happened before it. */
  readonly epoch: number
}

const day = 86_400

/** An instant within the last so many days, in seconds since 1970. */
export const ago = (dice: Dice, epoch: number, days: number): number => epoch - 60 - dice.below(days * day)

/** An instant as Duo writes it for phones: without a time zone. */
const local = (seconds: number): string => `"${new Date(seconds * 1000).toISOString().slice(0, 19)}"`

const quoted = (values: NonEmpty<string>): NonEmpty<string> => {
  const [head, ...tail] = values
  return [quote(head), ...tail.map(quote)]
}

interface Model {
  readonly platform: string
  readonly model: string
  readonly tablet?: true
}

const models: NonEmpty<Model> = [
  { platform: "Apple iOS", model: "Apple iPhone 15" },
  { platform: "Apple iOS", model: "Apple iPhone 14 Pro" },
  { platform: "Apple iOS", model: "Apple iPhone SE (3rd generation)" },
  { platform: "Apple iOS", model: "Apple iPhone 16" },
  { platform: "Google Android", model: "Google Pixel 9" },
  { platform: "Google Android", model: "Samsung Galaxy S24" },
  { platform: "Google Android", model: "Samsung Galaxy A15" },
  { platform: "Apple iOS", model: "Apple iPad Pro (11-inch)", tablet: true },
  { platform: "Google Android", model: "Samsung Galaxy Tab S9", tablet: true },
  { platform: "Windows Phone", model: "Nokia Lumia 950" },
  { platform: "Generic Smartphone", model: "Unknown" }
]

const activatedCapabilities: NonEmpty<string> = [
  `["auto", "push", "sms", "phone", "mobile_otp"]`,
  `["auto", "push", "sms", "phone", "mobile_otp"]`,
  `["auto", "push", "mobile_otp"]`,
  `["auto", "push", "sms", "mobile_otp"]`,
  `["auto", "push", "phone", "mobile_otp"]`,
  `["auto", "sms", "phone", "mobile_otp"]`,
  `["auto", "mobile_otp"]`,
  `["auto", "push"]`
]
const tabletCapabilities: NonEmpty<string> = [`["auto", "push", "mobile_otp"]`, `["auto", "mobile_otp"]`]
const silentCapabilities: NonEmpty<string> = [
  `["auto", "sms", "phone"]`,
  `["auto", "sms"]`,
  `["auto", "phone"]`,
  `["sms", "phone"]`,
  `["sms"]`,
  `[]`
]
const landlineCapabilities: NonEmpty<string> = [`["auto", "phone"]`, `["phone"]`]
const unknownCapabilities: NonEmpty<string> = [`["auto", "sms", "phone"]`, `[]`, `["auto"]`]

const encrypted = quoted(["Encrypted", "Encrypted", "Unencrypted", "Unknown", ""])
const fingerprint = quoted(["Configured", "Configured", "Disabled", "Unknown", ""])
const screenlock = quoted(["Locked", "Locked", "Unlocked", "Unknown", ""])
const tampered = quoted(["Not tampered", "Not tampered", "Not tampered", "Tampered", "Unknown", "Not Tampered", ""])
const phoneNames = quoted(["", "", "", "work", "Zweithandy", "携帯 📱", "<b>phone</b>"])
const appVersions = quoted(["4.120.0", "4.98.1", "5.2.0.1", ""])
const osVersions = quoted(["16", "18.6.2", "26.0", ""])

/** One object in `phones`. */
export const phone = (ground: InventedTenant, n: number, dice: Dice): string => {
  const kind = dice.below(20)
  const type = kind === 0 ? "Landline" : kind === 1 ? "Unknown" : "Mobile"
  const device = dice.pick(models)
  const tablet = type === "Mobile" && device.tablet === true
  const activated = type === "Mobile" && (tablet || !dice.chance(14))
  const capabilities = dice.pick(
    type === "Landline"
      ? landlineCapabilities
      : type === "Unknown"
      ? unknownCapabilities
      : tablet
      ? tabletCapabilities
      : activated
      ? activatedCapabilities
      : silentCapabilities
  )
  const number = tablet
    ? ""
    : type === "Landline"
    ? `+1555555${String(100 + dice.below(100)).padStart(4, "0")}`
    : `+1555010${String(dice.below(10_000)).padStart(4, "0")}`
  const modern = dice.chance(50)
  const known = type === "Mobile"
  const secure = activated && dice.chance(80)
  const seen = activated && !dice.chance(5) ? local(ago(dice, ground.epoch, 120)) : `""`
  return `{"activated": ${activated}${modern ? `, "app_version": ${activated ? dice.pick(appVersions) : `""`}` : ""}` +
    `, "capabilities": ${capabilities}${modern ? `, "creation_date": ""` : ""}` +
    `, "encrypted": ${secure ? dice.pick(encrypted) : `""`}` +
    `, "extension": "${type === "Landline" && dice.chance(50) ? 100 + dice.below(900) : ""}"` +
    `, "fingerprint": ${secure ? dice.pick(fingerprint) : `""`}${modern ? `, "last_activated_date": ""` : ""}` +
    `, "last_seen": ${seen}, "model": "${known ? device.model : "Unknown"}", "name": ${dice.pick(phoneNames)}` +
    `, "number": "${number}"${modern ? `, "os_version": ${activated ? dice.pick(osVersions) : `""`}` : ""}` +
    `, "phone_id": "${kinds(ground.seed).phones.of(n)}", "platform": "${known ? device.platform : "Unknown"}"` +
    (type === "Landline" ? `, "postdelay": "0", "predelay": ${dice.pick([`"1"`, `""`, "null"])}` : "") +
    (modern ? `, "quarantined": false` : "") +
    `, "screenlock": ${secure ? dice.pick(screenlock) : `""`}, "sms_passcodes_sent": ${!activated && dice.chance(30)}` +
    `, "tampered": ${secure ? dice.pick(tampered) : `""`}, "type": "${type}"}`
}

const tokenTypes: NonEmpty<string> = ["h6", "yk", "t6", "d1", "h8", "t8"]

/** One object in `tokens`. */
export const token = (ground: InventedTenant, n: number, dice: Dice): string => {
  const type = dice.pick(tokenTypes)
  const step = type === "t6" || type === "t8" ? "30" : "null"
  return `{"serial": "${100_000 + dice.below(900_000)}", "token_id": "${kinds(ground.seed).tokens.of(n)}"` +
    `, "totp_step": ${step}, "type": "${type}"}`
}

const labels = quoted(["Security Key", "Security Key", "Touch ID", "Chrome on Mac", "iCloud Keychain"])
const credentialNames = quoted(["Passkey", "YubiKey 5C", "Touch ID", "🔑 clé de Zoé", "", "Laptop"])

/** One object in `webauthncredentials`. */
export const webauthn = (ground: InventedTenant, n: number, dice: Dice): string =>
  `{"credential_name": ${dice.pick(credentialNames)}, "date_added": ${ago(dice, ground.epoch, 1000)}` +
  `, "label": ${dice.pick(labels)}, "webauthnkey": "${kinds(ground.seed).webauthn.of(n)}"}`

/** One object in `u2ftokens`. */
export const u2f = (ground: InventedTenant, n: number, dice: Dice): string =>
  `{"date_added": ${ago(dice, ground.epoch, 3000)}, "registration_id": "${kinds(ground.seed).u2f.of(n)}"}`

const deviceNames = quoted(["LAPTOP-01", "mac.local", "Büro-PC", "DESKTOP-ß", "工作站"])
const families = quoted(["Windows", "macOS", "Linux"])

/** One object in `desktop_authenticators`. */
export const desktop = (ground: InventedTenant, n: number, dice: Dice): string =>
  `{"daid": ${10_000 + n}, "dakey": "${kinds(ground.seed).desktops.of(n)}", "device_name": ${dice.pick(deviceNames)}` +
  `, "duo_desktop_version": "7.${dice.below(10)}.0.0", "os_family": ${dice.pick(families)}}`

/** One object in `desktoptokens`, Duo's desktop authenticators before Duo Desktop. */
export const desktopToken = (ground: InventedTenant, n: number, dice: Dice): string =>
  `{"desktoptoken_id": "${kinds(ground.seed).desktopTokens.of(n)}", "name": ${dice.pick(deviceNames)}` +
  `, "platform": ${dice.pick(families)}, "type": "Desktop Token"}`

interface Kinds {
  readonly users: Ids
  readonly groups: Ids
  readonly phones: Ids
  readonly tokens: Ids
  readonly webauthn: Ids
  readonly u2f: Ids
  readonly desktops: Ids
  readonly desktopTokens: Ids
  readonly bypassCodes: Ids
  readonly directories: Ids
  readonly administrators: Ids
  readonly units: Ids
  readonly policies: Ids
  readonly integrations: Ids
}

const made = new Map<number, Kinds>()

/** The ids of a seed's tenant, by kind. */
export const kinds = (seed: number): Kinds => {
  const before = made.get(seed)
  if (before !== undefined) return before
  const now = {
    users: ids(seed, "DU"),
    groups: ids(seed, "DG"),
    phones: ids(seed, "DP"),
    tokens: ids(seed, "DH"),
    webauthn: ids(seed, "WA"),
    u2f: ids(seed, "DF"),
    desktops: ids(seed, "DD"),
    desktopTokens: ids(seed, "DT"),
    bypassCodes: ids(seed, "DB"),
    directories: ids(seed, "DS"),
    administrators: ids(seed, "DE"),
    units: ids(seed, "DA"),
    policies: ids(seed, "PO"),
    integrations: ids(seed, "DI")
  }
  made.set(seed, now)
  return now
}
