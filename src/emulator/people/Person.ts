/** Invents a user, as JSON text with sorted keys. It is a function of (seed, number) and not of the tenant's size. */
import { Dice, mix } from "./Dice.ts"
import { ago, desktop, desktopToken, type InventedTenant, kinds, phone, token, u2f, webauthn } from "./Methods.ts"
import { quote } from "./PythonJson.ts"
import { nameAt } from "./tables/PeopleTables.ts"

/** More methods of a kind than any user has, so that every method can have a number of its own. */
const room = 8

const group = (ground: InventedTenant, n: number): string => {
  const { desc, name, status } = ground.tables.groups[n] ?? ground.tables.groups[0]
  return `{"desc": ${quote(desc)}, "group_id": "${kinds(ground.seed).groups.of(n)}", "mobile_otp_enabled": false` +
    `, "name": ${quote(name)}, "push_enabled": false, "sms_enabled": false, "status": "${status}"` +
    (n % 2 === 0 ? `, "voice_enabled": false}` : "}")
}

const groupTexts = new Map<string, ReadonlyArray<string>>()
const groupsOf = (ground: InventedTenant): ReadonlyArray<string> => {
  const key = `${ground.tables.people} ${ground.seed}`
  const before = groupTexts.get(key)
  if (before !== undefined) return before
  const now = ground.tables.groups.map((_, n) => group(ground, n))
  groupTexts.set(key, now)
  return now
}

/** The names of the n-th user. No username comes twice. */
const identity = ({ seed, tables }: InventedTenant, n: number) => {
  const [first, last] = nameAt(tables, n * 613 + seed)
  const round = Math.floor(n / tables.names.length)
  const slug = `${first.slug}.${last.slug}${round === 0 ? "" : round + 1}`
  const username = tables.usernameOf(slug, first, mix(seed ^ 0x55, n) % 100)
  return { first: first.json, last: last.json, slug, username }
}

/** The JSON text of the username of the n-th user. */
export const usernameText = (ground: InventedTenant, n: number): string => `"${identity(ground, n).username}"`

const several = (dice: Dice, count: number, ground: InventedTenant, n: number, make: typeof phone): string => {
  let text = ""
  for (let k = 0; k < count; k++) text += `${k === 0 ? "" : ", "}${make(ground, n * room + k, dice)}`
  return `[${text}]`
}

/** Rarely, a user has the phone of the previous user: Duo allows one authenticator on two users. */
const phonesOf = (count: number, ground: InventedTenant, n: number): string =>
  n % 97 === 96 && count > 0
    ? `[${phone(ground, (n - 1) * room, phoneDice(ground, n - 1))}]`
    : several(phoneDice(ground, n), count, ground, n, phone)

const phoneDice = (ground: InventedTenant, n: number) => new Dice(mix(ground.seed ^ 0x9011e, n))

const lockoutReason = (dice: Dice, status: string): string => {
  if (status === "locked out") return dice.pick([`"Failed Attempts"`, `"Not enrolled"`])
  if (status === "disabled") return dice.pick([`"Admin disabled"`, `"Admin API disabled"`, "null"])
  return "null"
}

/** The JSON text of the n-th user. */
export const person = (ground: InventedTenant, n: number): string => {
  const { first, last, slug, username } = identity(ground, n)
  const id = kinds(ground.seed)
  const { tables } = ground
  const { counts, percent } = tables
  const dice = new Dice(mix(ground.seed, n))
  const status = dice.pick(tables.statuses)
  /** 0 has the fields of 2023, 1 those since then, 2 also the undocumented fields of 2026. */
  const era = tables.isOneForm ? 2 : dice.part(15, 50)
  const bare = dice.chance(percent.bare)
  const phoneCount = bare ? 0 : dice.part(...counts.phones)
  const tokens = several(dice, bare ? 0 : dice.part(...counts.tokens), ground, n, token)
  const webauthns = several(dice, bare ? 0 : dice.part(...counts.webauthn), ground, n, webauthn)
  const u2fs = several(dice, bare ? 0 : dice.part(...counts.u2f), ground, n, u2f)
  const desktops = several(dice, bare || era === 0 ? 0 : dice.part(...counts.desktops), ground, n, desktop)
  const desktopTokens = several(dice, bare ? 0 : dice.part(...counts.desktopTokens), ground, n, desktopToken)
  const phones = phonesOf(phoneCount, ground, n)
  const enrolled = phones !== "[]" || tokens !== "[]" || webauthns !== "[]" || u2fs !== "[]" || desktops !== "[]"
  const synced = dice.chance(percent.synced)
  const created = ago(dice, ground.epoch, 2200)
  const seen = !enrolled || dice.chance(percent.neverSeen)
    ? "null"
    : String(Math.max(created, ago(dice, ground.epoch, tables.loginDays(dice))))
  const aliasCount = dice.part(...counts.aliases)
  const alias = (k: number) => k <= aliasCount ? `"${tables.aliasOf(slug, k)}"` : "null"
  let aliases = ""
  for (let k = 1; k <= aliasCount; k++) aliases += `${k === 1 ? "" : ", "}"alias${k}": ${alias(k)}`
  const memberships = groupsOf(ground)
  const member = Array.from(new Set(tables.groupsOf(dice)), (pick) => memberships[pick] ?? "").join(", ")
  const named = tables.hasAllNames ? 19 : dice.below(20)
  const nothing = era === 2 ? `""` : "null"
  const realname = named === 0 ? `""` : named === 1 ? "null" : `"${first} ${last}"`
  const email = dice.chance(percent.noEmail) ? `""` : `"${slug}@example.${named % 3 === 2 ? "org" : "com"}"`
  const notes = dice.pick(tables.notes)
  const sync = synced ? String(ground.epoch - 60 - dice.below(7200)) : "null"
  return `{"alias1": ${alias(1)}, "alias2": ${alias(2)}, "alias3": ${alias(3)}, "alias4": ${alias(4)}` +
    `, "aliases": {${aliases}}, "created": ${created}` +
    (era === 2 ? `, "custom_attributes": {}, "date_of_birth": null` : "") +
    (era === 0 ? "" : `, "desktop_authenticators": ${desktops}`) +
    `, "desktoptokens": ${desktopTokens}${synced ? `, "directory_key": "${id.directories.of(0)}"` : ""}` +
    `, "email": ${email}${era === 0 ? "" : `, "enable_auto_prompt": ${!dice.chance(10)}`}` +
    (era === 2 ? `, "entra_federated_user_id": null` : "") +
    (synced && era > 0
      ? `, "external_id": "${id.users.of(n).slice(2, 18)}${dice.pick(["8+/A", "g3Q=", "Zw=="])}"`
      : "") +
    `, "firstname": ${named < 4 ? nothing : `"${first}"`}, "groups": [${member}]` +
    (era === 2 ? `, "has_password": false` : "") +
    `, "is_enrolled": ${enrolled}, "last_directory_sync": ${sync}, "last_login": ${seen}` +
    `, "lastname": ${named < 4 ? nothing : `"${last}"`}` +
    (era === 0 ? "" : `, "lockout_reason": ${lockoutReason(dice, status)}`) +
    `, "notes": ${notes}${era === 2 ? `, "password_last_updated": null` : ""}, "phones": ${phones}` +
    `, "realname": ${realname}, "status": "${status}", "tokens": ${tokens}, "u2ftokens": ${u2fs}` +
    `, "user_id": "${id.users.of(n)}", "username": ${`"${username}"`}, "webauthncredentials": ${webauthns}}`
}
