/**
 * A company that one believes: people of many countries with usernames in one scheme, departments, phones that can be
 * bought, and systems that exist for them.
 */
import type { Dice, NonEmpty } from "../Dice.ts"
import { groupNumbers, type PeopleTables, type PhoneModel, quoted, weighted } from "./PeopleTables.ts"
import { plausibleNames } from "./PlausibleNames.ts"

const { contractors, domainAdmins, finance, kioskUsers, vpnUsers } = groupNumbers
const [allStaff, engineering, breakGlass, leavers, sales, support, marketing, personnel, legal, it, executives] = [
  0,
  1,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15
] as const

/** Percentages of the users. */
const departments = weighted<number>(
  [26, engineering],
  [17, sales],
  [14, support],
  [10, kioskUsers],
  [9, finance],
  [8, marketing],
  [6, it],
  [4, personnel],
  [3, legal],
  [3, executives]
)

const groupsOf = (dice: Dice): ReadonlyArray<number> => {
  const department = dice.pick(departments)
  return [
    department,
    dice.chance(8) ? contractors : allStaff,
    ...dice.chance(55) ? [vpnUsers] : [],
    ...dice.chance(department === it ? 45 : 0.3) ? [domainAdmins] : [],
    ...dice.chance(department === it ? 10 : 0) ? [breakGlass] : [],
    ...dice.chance(0.7) ? [leavers] : []
  ]
}

const iphone = (name: string, osVersions: NonEmpty<string>): PhoneModel => ({
  platform: "Apple iOS",
  model: `Apple ${name}`,
  osVersions: quoted(osVersions)
})

const android = (model: string, osVersions: NonEmpty<string>): PhoneModel => ({
  platform: "Google Android",
  model,
  osVersions: quoted(osVersions)
})

const currentIos: NonEmpty<string> = ["26.1", "26.1", "26.1", "26.1", "26.0.1", "26.0.1", "18.7.2", "18.6.2"]

const cities: PeopleTables["cities"] = weighted(
  [6, [`"Chicago"`, `"Illinois"`, `"United States"`]],
  [4, [`"Boston"`, `"Massachusetts"`, `"United States"`]],
  [3, [`"London"`, `"England"`, `"United Kingdom"`]],
  [2, [`"Zürich"`, `"Zurich"`, `"Switzerland"`]],
  [2, [`"Singapore"`, "null", `"Singapore"`]],
  [1, [`"Toronto"`, `"Ontario"`, `"Canada"`]]
)

export const plausible: PeopleTables = {
  people: "plausible",
  names: plausibleNames,
  usernameOf: (slug) => slug,
  aliasOf: (slug) => `${slug}@example.com`,
  groups: [
    { name: "All Staff", desc: "", status: "Active" },
    { name: "Engineering", desc: "", status: "Active" },
    { name: "Finance", desc: "", status: "Active" },
    { name: "Contractors", desc: "", status: "Active" },
    { name: "VPN Users", desc: "Remote access", status: "Active" },
    { name: "Domain Admins", desc: "Tier 0", status: "Active" },
    { name: "Warehouse", desc: "", status: "Active" },
    { name: "Break Glass", desc: "Never asked for a second factor", status: "Bypass" },
    { name: "Leavers", desc: "", status: "Disabled" },
    { name: "Sales", desc: "", status: "Active" },
    { name: "Customer Support", desc: "", status: "Active" },
    { name: "Marketing", desc: "", status: "Active" },
    { name: "Human Resources", desc: "", status: "Active" },
    { name: "Legal", desc: "", status: "Active" },
    { name: "IT", desc: "", status: "Active" },
    { name: "Executives", desc: "", status: "Active" }
  ],
  groupsOf,
  statuses: weighted([189, "active"], [5, "disabled"], [2, "bypass"], [2, "locked out"], [2, "pending deletion"]),
  notes: weighted(
    [46, `""`],
    [1, `"Works from home"`],
    [1, `"On parental leave until February"`],
    [1, `"New phone ordered"`],
    [1, `"Token returned to IT"`]
  ),
  isOneForm: true,
  hasAllNames: true,
  percent: {
    bare: 3,
    synced: 90,
    neverSeen: 2,
    noEmail: 0,
    silent: 8,
    reporting: 100,
    unseen: 1,
    strongHabit: 85,
    usualFactor: 96,
    bypassCode: 0.3
  },
  counts: {
    aliases: [70],
    phones: [4, 93, 99],
    tokens: [93],
    webauthn: [62, 91],
    u2f: [99],
    desktops: [90],
    desktopTokens: []
  },
  loginDays: (dice) => dice.pick([1, 2, 3, 5, 10, 10, 30, 180]),
  phoneDays: (dice) => dice.pick([1, 2, 5, 10, 20, 120]),
  phoneTypes: weighted([1, "Landline"], [49, "Mobile"]),
  numberOf: (dice) => `+1${200 + dice.below(790)}5550${100 + dice.below(100)}`,
  models: weighted(
    [8, iphone("iPhone 16", currentIos)],
    [9, iphone("iPhone 15", currentIos)],
    [8, iphone("iPhone 14", currentIos)],
    [7, iphone("iPhone 13", [...currentIos, "17.7.2"])],
    [5, iphone("iPhone 16 Pro", currentIos)],
    [4, iphone("iPhone SE (3rd generation)", [...currentIos, "17.6.1", "16.7.12"])],
    [3, iphone("iPhone 17", ["26.1", "26.1", "26.0.1"])],
    [2, iphone("iPhone XR", ["18.7.2", "18.6.2", "17.7.2"])],
    [1, iphone("iPhone 8", ["16.7.12"])],
    [1, { ...iphone("iPad Pro (11-inch)", ["26.1", "18.7.2"]), tablet: true }],
    [6, android("Samsung Galaxy S24", ["16", "16", "15"])],
    [5, android("Samsung Galaxy S23", ["16", "15", "14"])],
    [4, android("Google Pixel 9", ["16"])],
    [3, android("Google Pixel 8a", ["16", "16", "15"])],
    [4, android("Samsung Galaxy A15", ["15", "14"])],
    [3, android("Samsung Galaxy A54", ["15", "15", "14"])],
    [1, android("Samsung Galaxy S10", ["12"])],
    [1, android("Motorola Moto G Power", ["13", "12"])]
  ),
  phoneNames: quoted(["", "", "", "", "", "", "Work phone", "Private phone"]),
  appVersions: quoted(["4.98.1", "4.98.1", "4.98.1", "4.97.0", "4.95.2", "4.82.0"]),
  activatedCapabilities: weighted(
    [9, `["auto", "push", "sms", "phone", "mobile_otp"]`],
    [1, `["auto", "sms", "phone", "mobile_otp"]`]
  ),
  silentCapabilities: weighted([4, `["auto", "sms", "phone"]`], [1, `["auto", "phone"]`]),
  encrypted: weighted([80, `"Encrypted"`], [1, `"Unknown"`]),
  fingerprint: weighted([20, `"Configured"`], [3, `"Disabled"`], [1, `"Unknown"`]),
  screenlock: weighted([80, `"Locked"`], [1, `"Unlocked"`], [1, `"Unknown"`]),
  tampered: weighted([150, `"Not tampered"`], [1, `"Tampered"`], [2, `"Unknown"`]),
  tokenTypes: ["yk", "yk", "d1", "d1", "d1", "t6"],
  credentials: [
    { name: "YubiKey 5C NFC", of: ["Security Key"] },
    { name: "YubiKey", of: ["Security Key"] },
    { name: "MacBook Pro", of: ["Touch ID"] },
    { name: "Touch ID", of: ["Touch ID"] },
    { name: "Passkey", of: ["iCloud Keychain"] }
  ],
  desktops: [
    { name: "LAPTOP-7Q2M4KD", of: ["Windows"] },
    { name: "LAPTOP-3HV9T1C", of: ["Windows"] },
    { name: "DESKTOP-0K6RB2E", of: ["Windows"] },
    { name: "MacBook-Pro", of: ["macOS"] }
  ],
  roles: ["Administrator", "Help Desk", "Help Desk", "User Manager", "Read-only", "Security Analyst"],
  administratorStatuses: weighted([12, "Active"], [1, "Disabled"], [1, "Pending Activation"]),
  intranet: "Intranet",
  legacyPolicy: "Legacy",
  cities
}
