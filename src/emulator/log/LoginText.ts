/**
 * Invents an entry of the authentication log, as JSON text with sorted keys. Its user logs in with an authenticator of
 * their own, or without any. Every 37th entry of hostile people has an oddity that was seen in recorded logs.
 */
import { Dice, type Ids, mix, type NonEmpty, seedOf } from "../people/Dice.ts"
import { loginApplications } from "../people/InventedPolicies.ts"
import { dumps, type Json, type JsonObject, parseObject, quote } from "../people/PythonJson.ts"
import type { PeopleTables } from "../people/tables/PeopleTables.ts"
import { oddities } from "./Oddities.ts"

/** A way in which a user can log in. */
interface Factor {
  readonly factor: string
  /** The id and the name of the authenticator; null without one. */
  readonly key: string | null
  readonly name: string | null
  readonly isStrong: boolean
}

/** A user with everything that their logins need. */
export interface LoginUser {
  readonly key: string
  /** The name and the e-mail address as JSON. */
  readonly name: string
  readonly email: string
  readonly groups: string
  readonly status: string
  readonly factors: ReadonlyArray<Factor>
  readonly applications: ReturnType<typeof loginApplications>
  /** Where most logins come from. */
  readonly home: City
  /** Whether the user takes the strong factor, if there is one, and the number of the usual factor otherwise. */
  readonly habit: { readonly isStrong: boolean; readonly usual: number }
}

const objects = (user: JsonObject, field: string): ReadonlyArray<JsonObject> => {
  const value = user[field]
  return Array.isArray(value) ? value.map((item) => parseObject(JSON.stringify(item))) : []
}

const text = (value: Json | undefined) => typeof value === "string" ? value : ""

/** The spellings of a WebAuthn factor. Duo does not document them. */
const spellings: NonEmpty<string> = ["webauthn_security_key", "WebAuthn Chrome Touch ID", "security_key"]

const ofPhone = (phone: JsonObject): ReadonlyArray<Factor> => {
  const capabilities = Array.isArray(phone["capabilities"]) ? phone["capabilities"] : []
  const can = (use: string) => capabilities.includes(use)
  const isActivated = phone["activated"] === true
  const named = { key: text(phone["phone_id"]), name: phoneName(phone), isStrong: false }
  return [
    ...isActivated && can("push") ? [{ factor: "duo_push", ...named }, { factor: "verified_duo_push", ...named }] : [],
    ...isActivated && can("mobile_otp") ? [{ factor: "duo_mobile_passcode", ...named }] : [],
    ...can("sms") ? [{ factor: "sms_passcode", ...named }] : [],
    ...can("phone") ? [{ factor: "phone_call", ...named }] : []
  ]
}

const phoneName = (phone: JsonObject) => {
  const name = text(phone["name"]) || text(phone["model"])
  const number = text(phone["number"])
  return number === "" ? name : name === "" ? number : `${name} (${number})`
}

/** The user of the tenant, as logins need it. */
export const loginUser = (seed: number, tables: PeopleTables, user: JsonObject): LoginUser => {
  const key = text(user["user_id"])
  const dice = new Dice(mix(seed ^ 0x4ab17, seedOf(key)))
  const keys = objects(user, "webauthncredentials").map(({ webauthnkey }): Factor => ({
    factor: dice.pick(spellings),
    key: null,
    name: text(webauthnkey),
    isStrong: true
  }))
  const tokens = objects(user, "tokens").map((token): Factor => ({
    factor: token["type"] === "yk" ? "yubikey_passcode" : "hardware_token",
    key: text(token["token_id"]),
    name: text(token["serial"]),
    isStrong: false
  }))
  const u2f = objects(user, "u2ftokens").map(({ registration_id }): Factor => ({
    factor: "u2f_token",
    key: null,
    name: text(registration_id),
    isStrong: true
  }))
  const groups = objects(user, "groups").map(({ name }) => text(name))
  return {
    key,
    name: quote(text(user["username"])),
    email: dumps(user["email"] ?? null),
    groups: dumps(groups),
    status: text(user["status"]),
    factors: [...keys, ...u2f, ...objects(user, "phones").flatMap(ofPhone), ...tokens],
    applications: loginApplications(tables, groups),
    habit: { isStrong: dice.chance(tables.percent.strongHabit), usual: dice.below(1000) },
    home: dice.pick(tables.cities)
  }
}

/** The end of a login. */
interface Ending {
  readonly factor: string
  readonly device: Factor | undefined
  readonly result: string
  readonly reason: string | null
}

const pushOf = ({ factors }: LoginUser) => factors.find(({ factor }) => factor === "duo_push")

/** Whether the user is active and can approve a push. */
export const canApprove = (user: LoginUser) => user.status === "active" && pushOf(user) !== undefined

/** The end of a push that the user refuses or approves. */
export const pushEnding = (user: LoginUser, isApproved: boolean): Ending => ({
  factor: "duo_push",
  device: pushOf(user),
  result: isApproved ? "success" : "denied",
  reason: isApproved ? "user_approved" : "user_mistake"
})

const usualFactor = ({ factors, habit }: LoginUser): Factor | undefined => {
  const strong = factors.filter(({ isStrong }) => isStrong)
  const weak = factors.filter(({ isStrong }) => !isStrong)
  const some = strong.length > 0 && (habit.isStrong || weak.length === 0) ? strong : weak
  return some[habit.usual % Math.max(1, some.length)]
}

const endingOf = (user: LoginUser, { percent }: PeopleTables, dice: Dice): Ending => {
  const without = (result: string, reason: string, factor = "not_available"): Ending => ({
    factor,
    device: undefined,
    result,
    reason
  })
  const draw = dice.below(1000)
  if (user.status === "bypass") return without("success", "bypass_user")
  if (user.status === "disabled") return without("denied", "user_disabled")
  if (user.status === "locked out") return without("denied", "locked_out")
  const usual = usualFactor(user)
  if (usual === undefined) {
    return draw < 300 ? without("success", "allow_unenrolled_user") : without("denied", "deny_unenrolled_user")
  }
  if (draw < 150) return without("success", "remembered_device", "remembered_device")
  if (draw < 180) return without("success", "trusted_network", "trusted_network")
  if (draw < 180 + percent.bypassCode * 10) return without("success", "valid_passcode", "bypass_code")
  const device = dice.chance(percent.usualFactor) ? usual : user.factors[dice.below(user.factors.length)] ?? usual
  const { factor } = device
  const isPasscode = /passcode|token$/.test(factor) && !device.isStrong
  if (draw < 900) {
    return { factor, device, result: "success", reason: isPasscode ? "valid_passcode" : "user_approved" }
  }
  if (draw < 998) {
    const reasons: NonEmpty<string> = isPasscode
      ? ["invalid_passcode", "user_cancelled"]
      : ["no_response", "user_mistake", "user_cancelled"]
    return { factor, device, result: "denied", reason: dice.pick(reasons) }
  }
  return { factor, device, result: "fraud", reason: "user_marked_fraud" }
}

type City = PeopleTables["cities"][number]

const clients: NonEmpty<readonly [browser: string, browserVersion: string, os: string, osVersion: string]> = [
  ["Chrome", "142.0.7444.60", "Windows", "11"],
  ["Edge Chromium", "142.0.3595.53", "Windows", "11"],
  ["Chrome", "142.0.7444.60", "Mac OS X", "15.7.1"],
  ["Mobile Safari", "26.0", "iOS", "26.0"],
  ["Chrome", "142.0.7444.60", "Linux", ""]
]
const postures: NonEmpty<string> = ["true", "false", `"unknown"`]

const location = ([city, state, country]: City) => `{"city": ${city}, "country": ${country}, "state": ${state}}`

/** Everything that an entry is made from. */
export interface LoginEntry {
  readonly seed: number
  readonly tables: PeopleTables
  readonly applications: Ids
  readonly user: LoginUser
  /** How the login ends; undefined if it is random. */
  readonly ending: Ending | undefined
  /** A number that is different for every entry. */
  readonly n: number
  readonly millis: number
  readonly micros: number
  readonly txid: string
}

/** The JSON text of an entry. */
export const loginText = (entry: LoginEntry): string => {
  const { applications: ids, micros, millis, n, seed, tables, txid, user } = entry
  const dice = new Dice(mix(seed ^ 0x10617, n))
  const { device, factor, reason, result } = entry.ending ?? endingOf(user, tables, dice)
  const ip = `203.0.113.${dice.below(254) + 1}`
  const place = location(dice.chance(92) ? user.home : dice.pick(tables.cities))
  const [browser, browserVersion, os, osVersion] = dice.pick(clients)
  const [application, applicationName] = user.applications[dice.below(user.applications.length)] ?? [0, ""]
  const posture = dice.pick(postures)
  const at = `${new Date(millis).toISOString().slice(0, 23)}${String(micros).padStart(3, "0")}+00:00`
  const key = device?.key ? `, "key": "${device.key}"` : ""
  const alias = dice.chance(20) ? "unknown" : ""
  const made = `{"access_device": {"browser": "${browser}", "browser_version": "${browserVersion}"` +
    `, "epkey": null, "flash_version": "uninstalled", "hostname": null, "ip": "${ip}"` +
    `, "is_encryption_enabled": ${posture}, "is_firewall_enabled": ${posture}, "is_password_set": ${posture}` +
    `, "java_version": "uninstalled", "location": ${place}, "os": "${os}", "os_version": "${osVersion}"` +
    `, "security_agents": []}, "adaptive_trust_assessments": {}, "alias": "${alias}"` +
    `, "application": {"key": "${ids.of(application)}", "name": "${applicationName}"}` +
    `, "auth_device": {"ip": ${device === undefined ? "null" : `"${ip}"`}${key}, "location": ${place}` +
    `, "name": ${device?.name ? quote(device.name) : "null"}}, "email": ${user.email}` +
    `, "event_type": "authentication", "factor": "${factor}", "isotimestamp": "${at}", "ood_software": null` +
    `, "reason": ${reason === null ? "null" : `"${reason}"`}, "result": "${result}"` +
    `, "timestamp": ${Math.floor(millis / 1000)}, "trusted_endpoint_status": "unknown", "txid": "${txid}"` +
    `, "user": {"groups": ${user.groups}, "key": "${user.key}", "name": ${user.name}}}`
  if (tables.people === "plausible" || n % 37 !== 36 || entry.ending !== undefined) return made
  const odd = oddities[Math.floor(n / 37) % oddities.length]
  return odd === undefined ? made : dumps(odd.of(parseObject(made)))
}
