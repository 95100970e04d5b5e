/** Invents a user, as JSON text with sorted keys. It is a function of (seed, number) and not of the tenant's size. */
import { Dice, mix, type NonEmpty } from "./Dice.ts"
import { ago, desktop, desktopToken, type InventedTenant, kinds, phone, token, u2f, webauthn } from "./Methods.ts"
import { firstNames, lastNames, pairCount } from "./Names.ts"
import { quote } from "./PythonJson.ts"

/** More methods of a kind than any user has, so that every method can have a number of its own. */
const room = 8

const groups = [
  ["Everyone", "", "Active"],
  ["Engineering", "People who build", "Active"],
  ["Finance", "Wire transfers", "Active"],
  ["Contractors", "", "Active"],
  ["VPN Users (from AD sync \"Corp Directory\")", "", "Active"],
  ["Domain Admins (from AD sync \"Corp Directory\")", "Tier 0", "Active"],
  ["東京オフィス", "Tokyo", "Active"],
  ["Break glass", "Never asked for a second factor", "Bypass"],
  ["Leavers", "", "Disabled"]
] as const

/** The names of the groups, by number. */
export const groupNames: ReadonlyArray<string> = groups.map(([name]) => name)

/** Weights in the order of `groups`: the last two are rare. */
const groupPicks: NonEmpty<number> = [0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 4, 4, 5, 6, 6, 7, 8, 1, 0, 4, 2, 0]

const group = (ground: InventedTenant, n: number): string => {
  const [name, desc, status] = groups[n] ?? groups[0]
  return `{"desc": ${quote(desc)}, "group_id": "${kinds(ground.seed).groups.of(n)}", "mobile_otp_enabled": false` +
    `, "name": ${quote(name)}, "push_enabled": false, "sms_enabled": false, "status": "${status}"` +
    (n % 2 === 0 ? `, "voice_enabled": false}` : "}")
}

const groupTexts = new Map<number, ReadonlyArray<string>>()
const groupsOf = (ground: InventedTenant): ReadonlyArray<string> => {
  const before = groupTexts.get(ground.seed)
  if (before !== undefined) return before
  const now = groups.map((_, n) => group(ground, n))
  groupTexts.set(ground.seed, now)
  return now
}

/** The names of the n-th user. No username comes twice. */
const identity = (seed: number, n: number) => {
  const place = (n * 613 + seed) % pairCount
  const first = firstNames[place % firstNames.length] ?? firstNames[0]
  const last = lastNames[Math.floor(place / firstNames.length)] ?? lastNames[0]
  const round = Math.floor(n / pairCount)
  const slug = `${first.slug}.${last.slug}${round === 0 ? "" : round + 1}`
  const shape = mix(seed ^ 0x55, n) % 100
  const username = shape < 88
    ? slug
    : shape < 92
    ? `${slug}@example.org`
    : shape < 95
    ? `CORP\\\\${slug}`
    : shape < 97
    ? `${first.json.replaceAll(" ", "")}-${slug}`
    : shape < 99
    ? slug.toUpperCase()
    : `${slug} \\ud83d\\ude80`
  return { first: first.json, last: last.json, slug, username }
}

/** The JSON text of the username of the n-th user. */
export const usernameText = (ground: InventedTenant, n: number): string => `"${identity(ground.seed, n).username}"`

const several = (dice: Dice, count: number, ground: InventedTenant, n: number, make: typeof phone): string => {
  let text = ""
  for (let k = 0; k < count; k++) text += `${k === 0 ? "" : ", "}${make(ground, n * room + k, dice)}`
  return `[${text}]`
}

const outOf100 = (dice: Dice, ...upTo: ReadonlyArray<number>): number => {
  const draw = dice.below(100)
  let count = 0
  while (count < upTo.length && draw >= (upTo[count] ?? 100)) count++
  return count
}

/** Rarely, a user has the phone of the previous user: Duo allows one authenticator on two users. */
const phonesOf = (count: number, ground: InventedTenant, n: number): string =>
  n % 97 === 96 && count > 0
    ? `[${phone(ground, (n - 1) * room, phoneDice(ground, n - 1))}]`
    : several(phoneDice(ground, n), count, ground, n, phone)

const phoneDice = (ground: InventedTenant, n: number) => new Dice(mix(ground.seed ^ 0x9011e, n))

const statusOf = (dice: Dice): string => {
  const draw = dice.below(200)
  return draw < 182
    ? "active"
    : draw < 188
    ? "disabled"
    : draw < 193
    ? "bypass"
    : draw < 197
    ? "locked out"
    : "pending deletion"
}

const lockoutReason = (dice: Dice, status: string): string => {
  if (status === "locked out") return dice.pick([`"Failed Attempts"`, `"Not enrolled"`])
  if (status === "disabled") return dice.pick([`"Admin disabled"`, `"Admin API disabled"`, "null"])
  return "null"
}

/** The JSON text of the n-th user. */
export const person = (ground: InventedTenant, n: number): string => {
  const { first, last, slug, username } = identity(ground.seed, n)
  const id = kinds(ground.seed)
  const dice = new Dice(mix(ground.seed, n))
  const status = statusOf(dice)
  /** 0 has the fields of 2023, 1 those since then, 2 also the undocumented fields of 2026. */
  const era = outOf100(dice, 15, 50)
  const bare = dice.chance(6)
  const phoneCount = bare ? 0 : outOf100(dice, 7, 81, 96)
  const tokens = several(dice, bare ? 0 : outOf100(dice, 74, 96), ground, n, token)
  const webauthns = several(dice, bare ? 0 : outOf100(dice, 48, 77, 93), ground, n, webauthn)
  const u2fs = several(dice, bare ? 0 : outOf100(dice, 97), ground, n, u2f)
  const desktops = several(dice, bare || era === 0 ? 0 : outOf100(dice, 66), ground, n, desktop)
  const desktopTokens = several(dice, bare ? 0 : outOf100(dice, 99), ground, n, desktopToken)
  const phones = phonesOf(phoneCount, ground, n)
  const enrolled = phones !== "[]" || tokens !== "[]" || webauthns !== "[]" || u2fs !== "[]" || desktops !== "[]"
  const synced = dice.chance(55)
  const created = ago(dice, ground.epoch, 2200)
  const seen = !enrolled || dice.chance(8) ? "null" : String(Math.max(created, ago(dice, ground.epoch, 90)))
  const aliasCount = outOf100(dice, 70, 88, 94, 96, 97, 98, 99, 99)
  const alias = (k: number) => k <= aliasCount ? `"${slug.slice(0, 1)}${k}.${slug}"` : "null"
  let aliases = ""
  for (let k = 1; k <= aliasCount; k++) aliases += `${k === 1 ? "" : ", "}"alias${k}": ${alias(k)}`
  const memberships = groupsOf(ground)
  const picks = new Set<number>()
  for (let k = outOf100(dice, 12, 60, 90); k > 0; k--) picks.add(dice.pick(groupPicks))
  const member = Array.from(picks, (pick) => memberships[pick] ?? "").join(", ")
  const named = dice.below(20)
  const nothing = era === 2 ? `""` : "null"
  const realname = named === 0 ? `""` : named === 1 ? "null" : `"${first} ${last}"`
  const email = dice.chance(4) ? `""` : `"${slug}@example.${named % 3 === 2 ? "org" : "com"}"`
  const notes = dice.pick([`""`, `""`, `""`, `""`, `""`, `"line one\\nline two, \\"quoted\\""`, `"=1+1"`])
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
