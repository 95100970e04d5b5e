/**
 * A tenant that changes from day to day: people join, enrol, leave and sometimes come back, lose their security keys,
 * and move from text messages to WebAuthn, one part of the company after another. Each day is a function of the seed
 * and the day.
 */
import { Dice, mix, seedOf } from "./Dice.ts"
import { bypassCode, codesAmong, ownerOf } from "./InventedCodes.ts"
import { invent } from "./InventedPolicies.ts"
import { type InventedTenant, phone, webauthn } from "./Methods.ts"
import { person } from "./Person.ts"
import { isObject, type JsonObject, parseObject } from "./PythonJson.ts"
import { plausible } from "./tables/Plausible.ts"
import * as Tenant from "./Tenant.ts"

export interface Story {
  /** Midnight at the start of its first day, in seconds since 1970. */
  readonly epoch: number
  /** The number of users on the first day. */
  readonly users: number
  readonly seed: number
}

/** The demo's port (DUO on a telephone's keys), its seed, and its number of users on the first day. */
export const port = 38_600
export const tenant = `127.0.0.1:${port}`
export const seed = 1
export const size = 400

export const secondsOfDay = 86_400

/** The number of people who join per day. */
const joining = 1

/** Numbers for methods that users get later. No user has them on the first day. */
const later = 1_000_000

/** The departments in the order in which they move from text messages to WebAuthn, six days each. */
const parts: ReadonlyArray<ReadonlyArray<string>> = [
  ["IT", "Engineering"],
  ["Finance", "Legal", "Executives"],
  ["Sales", "Marketing", "Human Resources"],
  ["Customer Support", "Warehouse"]
]

interface LifeStory {
  /** The day on which a user who had only text messages gets a security key; the phone goes two days later. */
  readonly moves: number
  readonly isOnText: boolean
  /** The day on which a user without any authenticator gets a security key. */
  readonly enrols: number
  readonly leaves: number
  readonly returns: number
  /** The day on which all security keys are lost, and the day of a new one. */
  readonly loses: number
  readonly replaces: number
  readonly bypassFrom: number
  readonly bypassTo: number
  /** The day on which a user marries, and takes the other's name. */
  readonly renamed: number
  readonly newPhone: number
}

const never = Infinity

/** The days on which something happens to the n-th user. `part` is the number of the user's part of the company. */
const lifeStoryOf = (seed: number, n: number, part: number): LifeStory => {
  const dice = new Dice(mix(seed ^ 0x570_127, n))
  const day = () => 1 + dice.below(28)
  const isOnText = dice.chance(25)
  const moves = dice.chance(85) ? 2 + part * 6 + dice.below(5) : never
  const leaves = dice.chance(3) ? day() : never
  const enrols = dice.chance(70) ? day() : never
  const loses = dice.chance(8) ? day() : never
  const bypassFrom = dice.chance(1) ? day() : never
  return {
    isOnText,
    moves,
    enrols,
    leaves,
    returns: dice.chance(20) ? leaves + 8 : never,
    loses,
    replaces: dice.chance(50) ? loses + 4 : never,
    bypassFrom,
    bypassTo: dice.chance(60) ? bypassFrom + 2 : never,
    renamed: dice.chance(0.7) ? day() : never,
    newPhone: dice.chance(4) ? day() : never
  }
}

const listOf = (user: JsonObject, field: string): ReadonlyArray<JsonObject> => {
  const value = user[field]
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** The last day before today on which a user logged in. On working days, two thirds of the users log in. */
const lastLogin = ({ epoch, seed }: Story, n: number, day: number): number | undefined => {
  for (let before = day - 1; before >= 0; before--) {
    const dice = new Dice(mix(seed ^ 0x1061, n * 1000 + before))
    const weekday = new Date((epoch + before * secondsOfDay) * 1000).getUTCDay()
    if (dice.chance(weekday === 0 || weekday === 6 ? 10 : 66)) {
      return epoch + before * secondsOfDay + 25_200 + dice.below(36_000)
    }
  }
  return undefined
}

const nothing: JsonObject = {
  phones: [],
  tokens: [],
  webauthncredentials: [],
  u2ftokens: [],
  desktoptokens: [],
  desktop_authenticators: []
}

/** A phone that cannot do more than receive text messages and calls. */
const onText = (phone: JsonObject): JsonObject => ({
  ...phone,
  activated: false,
  app_version: "",
  capabilities: ["auto", "sms", "phone"],
  encrypted: "",
  fingerprint: "",
  last_seen: "",
  model: "Unknown",
  os_version: "",
  platform: "Generic Smartphone",
  screenlock: "",
  tampered: "",
  type: "Mobile"
})

const isEnrolled = (user: JsonObject) => Object.keys(nothing).some((field) => listOf(user, field).length > 0)

/** The n-th user on a day; undefined before the user joins and after the user has left. */
const userOn = (story: Story, ground: InventedTenant, n: number, day: number): JsonObject | undefined => {
  const { epoch, seed, users } = story
  const joined = n < users ? -1 : 1 + Math.floor((n - users) / joining)
  let user = parseObject(person(ground, n))
  const department = String(listOf(user, "groups")[0]?.["name"])
  const lifeStory = lifeStoryOf(seed, n, parts.findIndex((part) => part.includes(department)))
  const gone = lifeStory.leaves + 3
  const [firstPhone] = listOf(user, "phones")
  if (day < joined || (day >= gone && day < lifeStory.returns)) return undefined
  const at = (some: number) => epoch + some * secondsOfDay
  const newKey = (some: number) => ({
    ...parseObject(webauthn(ground, later + n * 40 + some, new Dice(mix(n, some)))),
    date_added: at(some) + 30_000
  })
  const patch = (fields: JsonObject) => {
    user = { ...user, ...fields }
  }
  if (n >= users) {
    const dice = new Dice(mix(seed ^ 0x10e, n))
    const enrols = dice.chance(90) ? joined + dice.below(7) : never
    patch({ created: at(joined) + 28_800, last_login: null, status: "active" })
    if (day < enrols) patch(nothing)
  } else if (lifeStory.isOnText && firstPhone !== undefined && firstPhone["number"] !== "") {
    patch({ ...nothing, phones: day >= lifeStory.moves + 2 ? [] : [onText(firstPhone)] })
    if (day >= lifeStory.moves) patch({ webauthncredentials: [newKey(lifeStory.moves)] })
  } else if (!isEnrolled(user) && day >= lifeStory.enrols) {
    patch({ webauthncredentials: [newKey(lifeStory.enrols)] })
  }
  if (day >= lifeStory.loses && listOf(user, "webauthncredentials").length > 0) {
    patch({ webauthncredentials: day >= lifeStory.replaces ? [newKey(lifeStory.replaces)] : [] })
  }
  if (day >= lifeStory.newPhone && listOf(user, "phones").length === 1 && !lifeStory.isOnText) {
    patch({
      phones: [parseObject(phone({ ...ground, epoch: at(lifeStory.newPhone) }, later + n, new Dice(mix(seed, n))))]
    })
  }
  if (day >= lifeStory.renamed) {
    const name = `${String(user["username"]).split(".")[0]}.sinclair`
    patch({
      username: name,
      email: `${name}@example.com`,
      lastname: "Sinclair",
      realname: `${String(user["firstname"])} Sinclair`
    })
  }
  if (user["status"] === "active" && day >= lifeStory.bypassFrom && day < lifeStory.bypassTo) {
    patch({ status: "bypass" })
  }
  if (day >= lifeStory.leaves && day < lifeStory.returns) {
    patch({ status: "disabled", lockout_reason: "Admin disabled" })
  }
  const login = user["status"] === "active" && isEnrolled(user) ? lastLogin(story, n, day) : undefined
  if (login !== undefined && login > Number(user["created"])) {
    // a phone that Duo Mobile is on was used at the login
    const seen = new Date(login * 1000).toISOString().slice(0, 19)
    const phones = listOf(user, "phones").map((each, place) =>
      place === 0 && each["activated"] === true ? { ...each, last_seen: seen } : each
    )
    patch({ last_login: login, phones })
  }
  if (user["last_directory_sync"] !== null) patch({ last_directory_sync: at(day) - 7200 })
  patch({ is_enrolled: isEnrolled(user) })
  return user
}

/** The demo's story, whose first day is the day of an instant in seconds since 1970. */
export const from = (instant: number): Story => ({
  epoch: Math.floor(instant / secondsOfDay) * secondsOfDay,
  users: size,
  seed
})

/** The tenant on a day of the story. The first day is 0. */
export const tenantOn = (story: Story, day: number): Tenant.Tenant => {
  const ground: InventedTenant = { seed: seedOf(story.seed), epoch: story.epoch, tables: plausible }
  const seeded = { ...story, seed: ground.seed }
  const everybody = Array.from(
    { length: story.users + Math.max(0, day) * joining },
    (_, n) => userOn(seeded, ground, n, day)
  )
  const now = story.epoch + day * secondsOfDay
  const codes = Array.from({ length: codesAmong(story.users) }, (_, code) => {
    const owner = everybody[ownerOf(code)]
    return owner === undefined ? undefined : parseObject(bypassCode(ground, code, owner))
  })
  return Tenant.fromUsers(
    everybody.filter((user) => user !== undefined),
    codes.filter((code) => code !== undefined && (code["expiration"] === null || Number(code["expiration"]) > now))
      .filter((code) => code !== undefined),
    undefined,
    invent(ground)
  )
}
