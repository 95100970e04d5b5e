/**
 * The tables that people and their tenant are invented from. There are two sets: Plausible.ts is a company that one
 * believes, and Hostile.ts has every oddity that real tenants show, together, for tests.
 */
import type { Dice, NonEmpty } from "../Dice.ts"
import { quote } from "../PythonJson.ts"

export type People = "plausible" | "hostile"

export interface Name {
  /** JSON text of the name, without its quotes. */
  readonly json: string
  /** The name in letters that an e-mail address can use. */
  readonly slug: string
}

const name = (entry: string): Name => {
  const [text = "", slug = text.normalize("NFD").replaceAll(/[^A-Za-z]/g, "").toLowerCase()] = entry.split("/")
  return { json: quote(text).slice(1, -1), slug }
}

export type FullName = readonly [first: Name, last: Name]

/** All pairs of a first and a last name. An entry is a name, or a name and its slug after a slash. */
export const pairs = (first: ReadonlyArray<string>, last: ReadonlyArray<string>): ReadonlyArray<FullName> => {
  const given = first.map(name)
  return last.map(name).flatMap((family) => given.map((one): FullName => [one, family]))
}

/** Each item as often as the number before it says. */
export const weighted = <T>(
  [times, item]: readonly [times: number, item: T],
  ...others: ReadonlyArray<readonly [times: number, item: T]>
): NonEmpty<T> => [
  item,
  ...Array.from({ length: times - 1 }, () => item),
  ...others.flatMap(([more, other]) => Array.from({ length: more }, () => other))
]

/** Texts as JSON texts. */
export const quoted = ([head, ...tail]: NonEmpty<string>): NonEmpty<string> => [quote(head), ...tail.map(quote)]

export interface InventedGroup {
  readonly name: string
  readonly desc: string
  readonly status: "Active" | "Bypass" | "Disabled"
}

/** The numbers of the groups that policies and applications name. They are the same in both sets. */
export const groupNumbers = { finance: 2, contractors: 3, vpnUsers: 4, domainAdmins: 5, kioskUsers: 6 } as const

export type PhoneType = "Landline" | "Mobile" | "Unknown"

export interface PhoneModel {
  readonly platform: string
  readonly model: string
  readonly osVersions: NonEmpty<string>
  readonly tablet?: boolean | undefined
}

/** An authenticator's name, and the labels or systems that it can have. */
export interface NamedDevice {
  readonly name: string
  readonly of: NonEmpty<string>
}

/** Lists are drawn from, so an item that is in a list twice comes twice as often. */
export interface PeopleTables {
  readonly people: People
  /** All are used before one comes a second time. */
  readonly names: ReadonlyArray<FullName>
  /** JSON text of a username, without its quotes. `draw` is from 0 to 99. */
  readonly usernameOf: (slug: string, first: Name, draw: number) => string
  readonly aliasOf: (slug: string, k: number) => string
  readonly groups: NonEmpty<InventedGroup>
  /** The numbers of a user's groups. */
  readonly groupsOf: (dice: Dice) => ReadonlyArray<number>
  readonly statuses: NonEmpty<string>
  /** JSON texts. */
  readonly notes: NonEmpty<string>
  /** Whether all objects have the form that Duo's answers have today. Otherwise some have older forms. */
  readonly isOneForm: boolean
  /** Whether every user has a first name, a last name and an e-mail address at example.com. */
  readonly hasAllNames: boolean
  readonly percent: {
    readonly bare: number
    readonly synced: number
    readonly neverSeen: number
    readonly noEmail: number
    /** Of mobile phones. */
    readonly silent: number
    /** Of activated phones, those that report their security. */
    readonly reporting: number
    readonly unseen: number
    /** Of users with a phishing-resistant method, those who usually log in with it. */
    readonly strongHabit: number
    /** Of logins, those with the usual method. */
    readonly usualFactor: number
    /** Of logins, those with a bypass code. */
    readonly bypassCode: number
  }
  /** The k-th number is the percentage of users who have at most k of them. */
  readonly counts: {
    readonly aliases: ReadonlyArray<number>
    readonly phones: ReadonlyArray<number>
    readonly tokens: ReadonlyArray<number>
    readonly webauthn: ReadonlyArray<number>
    readonly u2f: ReadonlyArray<number>
    readonly desktops: ReadonlyArray<number>
    readonly desktopTokens: ReadonlyArray<number>
  }
  /** The last login, and the last use of a phone, are within so many days. */
  readonly loginDays: (dice: Dice) => number
  readonly phoneDays: (dice: Dice) => number
  readonly phoneTypes: NonEmpty<PhoneType>
  readonly numberOf: (dice: Dice, type: PhoneType) => string
  readonly models: NonEmpty<PhoneModel>
  /** JSON texts. */
  readonly phoneNames: NonEmpty<string>
  readonly appVersions: NonEmpty<string>
  readonly activatedCapabilities: NonEmpty<string>
  readonly silentCapabilities: NonEmpty<string>
  readonly encrypted: NonEmpty<string>
  readonly fingerprint: NonEmpty<string>
  readonly screenlock: NonEmpty<string>
  readonly tampered: NonEmpty<string>
  readonly tokenTypes: NonEmpty<string>
  readonly credentials: NonEmpty<NamedDevice>
  readonly desktops: NonEmpty<NamedDevice>
  readonly roles: NonEmpty<string>
  readonly administratorStatuses: NonEmpty<string>
  /** The names of an application and of a policy. */
  readonly intranet: string
  readonly legacyPolicy: string
  /** Where logins come from, as JSON texts. */
  readonly cities: NonEmpty<readonly [city: string, state: string, country: string]>
}

const nobody: Name = { json: "", slug: "" }

/** The n-th name. After the last one, the first one comes again. */
export const nameAt = ({ names }: PeopleTables, n: number): FullName => names[n % names.length] ?? [nobody, nobody]
