/** Invents authenticators, as JSON text with sorted keys. Their forms and values are those of real tenants. */
import { type Dice, type Ids, ids, type NonEmpty } from "./Dice.ts"
import { quote } from "./PythonJson.ts"
import type { PeopleTables } from "./tables/PeopleTables.ts"

/** The tenant that methods are invented for. */
export interface InventedTenant {
  readonly seed: number
  /** An instant in seconds since 1970. Everything in the tenant happened before it. */
  readonly epoch: number
  /** It is invented from these. */
  readonly tables: PeopleTables
}

const day = 86_400

/** An instant within the last so many days, in seconds since 1970. */
export const ago = (dice: Dice, epoch: number, days: number): number => epoch - 60 - dice.below(days * day)

/** An instant as Duo writes it for phones: without a time zone. */
const local = (seconds: number): string => `"${new Date(seconds * 1000).toISOString().slice(0, 19)}"`

const tabletCapabilities: NonEmpty<string> = [`["auto", "push", "mobile_otp"]`, `["auto", "mobile_otp"]`]
const landlineCapabilities: NonEmpty<string> = [`["auto", "phone"]`, `["phone"]`]
const unknownCapabilities: NonEmpty<string> = [`["auto", "sms", "phone"]`, `[]`, `["auto"]`]

/** One object in `phones`. */
export const phone = (ground: InventedTenant, n: number, dice: Dice): string => {
  const { tables } = ground
  const type = dice.pick(tables.phoneTypes)
  const device = dice.pick(tables.models)
  const tablet = type === "Mobile" && device.tablet === true
  const activated = type === "Mobile" && (tablet || !dice.chance(tables.percent.silent))
  const capabilities = dice.pick(
    type === "Landline"
      ? landlineCapabilities
      : type === "Unknown"
      ? unknownCapabilities
      : tablet
      ? tabletCapabilities
      : activated
      ? tables.activatedCapabilities
      : tables.silentCapabilities
  )
  const number = tablet ? "" : tables.numberOf(dice, type)
  const modern = tables.isOneForm || dice.chance(50)
  const known = type === "Mobile"
  const secure = activated && dice.chance(tables.percent.reporting)
  const seen = activated && !dice.chance(tables.percent.unseen)
    ? local(ago(dice, ground.epoch, tables.phoneDays(dice)))
    : `""`
  return `{"activated": ${activated}${
    modern ? `, "app_version": ${activated ? dice.pick(tables.appVersions) : `""`}` : ""
  }` +
    `, "capabilities": ${capabilities}${modern ? `, "creation_date": ""` : ""}` +
    `, "encrypted": ${secure ? dice.pick(tables.encrypted) : `""`}` +
    `, "extension": "${type === "Landline" && dice.chance(50) ? 100 + dice.below(900) : ""}"` +
    `, "fingerprint": ${secure ? dice.pick(tables.fingerprint) : `""`}${modern ? `, "last_activated_date": ""` : ""}` +
    `, "last_seen": ${seen}, "model": "${known ? device.model : "Unknown"}", "name": ${dice.pick(tables.phoneNames)}` +
    `, "number": "${number}"${modern ? `, "os_version": ${activated ? dice.pick(device.osVersions) : `""`}` : ""}` +
    `, "phone_id": "${kinds(ground.seed).phones.of(n)}", "platform": "${known ? device.platform : "Unknown"}"` +
    (type === "Landline" ? `, "postdelay": "0", "predelay": ${dice.pick([`"1"`, `""`, "null"])}` : "") +
    (modern ? `, "quarantined": false` : "") +
    `, "screenlock": ${secure ? dice.pick(tables.screenlock) : `""`}, "sms_passcodes_sent": ${
      !activated && dice.chance(30)
    }` +
    `, "tampered": ${secure ? dice.pick(tables.tampered) : `""`}, "type": "${type}"}`
}

/** One object in `tokens`. */
export const token = (ground: InventedTenant, n: number, dice: Dice): string => {
  const type = dice.pick(ground.tables.tokenTypes)
  const step = type === "t6" || type === "t8" ? "30" : "null"
  return `{"serial": "${100_000 + dice.below(900_000)}", "token_id": "${kinds(ground.seed).tokens.of(n)}"` +
    `, "totp_step": ${step}, "type": "${type}"}`
}

/** One object in `webauthncredentials`. */
export const webauthn = (ground: InventedTenant, n: number, dice: Dice): string => {
  const { name, of } = dice.pick(ground.tables.credentials)
  return `{"credential_name": ${quote(name)}, "date_added": ${ago(dice, ground.epoch, 1000)}` +
    `, "label": ${quote(dice.pick(of))}, "webauthnkey": "${kinds(ground.seed).webauthn.of(n)}"}`
}

/** One object in `u2ftokens`. */
export const u2f = (ground: InventedTenant, n: number, dice: Dice): string =>
  `{"date_added": ${ago(dice, ground.epoch, 3000)}, "registration_id": "${kinds(ground.seed).u2f.of(n)}"}`

/** One object in `desktop_authenticators`. */
export const desktop = (ground: InventedTenant, n: number, dice: Dice): string => {
  const { name, of } = dice.pick(ground.tables.desktops)
  return `{"daid": ${10_000 + n}, "dakey": "${kinds(ground.seed).desktops.of(n)}", "device_name": ${quote(name)}` +
    `, "duo_desktop_version": "7.${dice.below(10)}.0.0", "os_family": ${quote(dice.pick(of))}}`
}

/** One object in `desktoptokens`, Duo's desktop authenticators before Duo Desktop. */
export const desktopToken = (ground: InventedTenant, n: number, dice: Dice): string => {
  const { name, of } = dice.pick(ground.tables.desktops)
  return `{"desktoptoken_id": "${kinds(ground.seed).desktopTokens.of(n)}", "name": ${quote(name)}` +
    `, "platform": ${quote(dice.pick(of))}, "type": "Desktop Token"}`
}

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
