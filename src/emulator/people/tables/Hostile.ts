/**
 * Names in many scripts, texts that are dangerous in some format, and values that a form allows and nobody expects. Real
 * tenants have shown their like, one by one.
 */
import type { NonEmpty } from "../Dice.ts"
import { type NamedDevice, pairs, type PeopleTables, type PhoneModel, quoted, weighted } from "./PeopleTables.ts"

/** Some names have combining marks in decomposed form, because Duo sends both forms. */
const firstNames = [
  "Amara",
  "Benoît/benoit",
  "Chloé/chloe",
  "Dmitri",
  "Zoe\u0308/zoe",
  "Fatima",
  "Grace",
  "Hiro",
  "Ingrid",
  "José/jose",
  "Kwame",
  "Léa/lea",
  "Mateo",
  "Noor",
  "Olu",
  "Priya",
  "Quentin",
  "Rosa",
  "Søren/soren",
  "Tomás/tomas",
  "Uma",
  "Viktor",
  "Wanjiru",
  "Ximena",
  "Yusuf",
  "Željko/zeljko",
  "太郎/taro",
  "小芳/xiaofang",
  "지우/jiwoo",
  "محمد/muhammad",
  "לאה/leah",
  "अनिका/anika",
  "Ольга/olga",
  "Νίκος/nikos",
  "สมชาย/somchai",
  "Robin 🦊/robin",
  "D'Arcy/darcy",
  "Anne-Marie/annemarie",
  "\"Ace\"/ace",
  "Nguye\u0302\u0303n/nguyen",
  "𠮷子/yoshiko"
]

const lastNames = [
  "Okafor",
  "Lindqvist",
  "Müller/mueller",
  "García/garcia",
  "O'Neil/oneil",
  "van der Berg/vanderberg",
  "Kowalski",
  "Tanaka",
  "Haddad",
  "Novák/novak",
  "Silva",
  "Dubois",
  "Rossi",
  "Petrov",
  "Nakamura",
  "Mbeki",
  "Kaya",
  "Larsen",
  "Costa",
  "Schmidt",
  "Ortiz",
  "Ahmed",
  "Reyes",
  "Moreau",
  "山田/yamada",
  "王/wang",
  "김/kim",
  "العربي/alarabi",
  "כהן/cohen",
  "शर्मा/sharma",
  "Иванова/ivanova",
  "Παπαδόπουλος/papadopoulos",
  "Çelik/celik",
  "Łukasik/lukasik",
  "Smith\\Jones/smithjones",
  "Ève/eve",
  "Þórsson/thorsson"
]

/** Weights in the order of the groups: the last two are rare. */
const groupPicks: NonEmpty<number> = [0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 4, 4, 5, 6, 6, 7, 8, 1, 0, 4, 2, 0]

/** Phones have the versions of any system. */
const osVersions = quoted(["16", "18.6.2", "26.0", ""])

const model = (platform: string, model: string, tablet?: true): PhoneModel => ({ platform, model, osVersions, tablet })

const credential = (name: string): NamedDevice => ({
  name,
  of: ["Security Key", "Security Key", "Touch ID", "Chrome on Mac", "iCloud Keychain"]
})

const computer = (name: string): NamedDevice => ({ name, of: ["Windows", "macOS", "Linux"] })

const usernameOf: PeopleTables["usernameOf"] = (slug, first, draw) =>
  draw < 88
    ? slug
    : draw < 92
    ? `${slug}@example.org`
    : draw < 95
    ? `CORP\\\\${slug}`
    : draw < 97
    ? `${first.json.replaceAll(" ", "")}-${slug}`
    : draw < 99
    ? slug.toUpperCase()
    : `${slug} \\ud83d\\ude80`

export const hostile: PeopleTables = {
  people: "hostile",
  names: pairs(firstNames, lastNames),
  usernameOf,
  aliasOf: (slug, k) => `${slug.slice(0, 1)}${k}.${slug}`,
  groups: [
    { name: "Everyone", desc: "", status: "Active" },
    { name: "Engineering", desc: "People who build", status: "Active" },
    { name: "Finance", desc: "Wire transfers", status: "Active" },
    { name: "Contractors", desc: "", status: "Active" },
    { name: "VPN Users (from AD sync \"Corp Directory\")", desc: "", status: "Active" },
    { name: "Domain Admins (from AD sync \"Corp Directory\")", desc: "Tier 0", status: "Active" },
    { name: "東京オフィス", desc: "Tokyo", status: "Active" },
    { name: "Break glass", desc: "Never asked for a second factor", status: "Bypass" },
    { name: "Leavers", desc: "", status: "Disabled" }
  ],
  groupsOf: (dice) => Array.from({ length: dice.part(12, 60, 90) }, () => dice.pick(groupPicks)),
  statuses: weighted(
    [182, "active"],
    [6, "disabled"],
    [5, "bypass"],
    [4, "locked out"],
    [3, "pending deletion"]
  ),
  notes: quoted(["", "", "", "", "", "line one\nline two, \"quoted\"", "=1+1"]),
  isOneForm: false,
  hasAllNames: false,
  percent: {
    bare: 6,
    synced: 55,
    neverSeen: 8,
    noEmail: 4,
    silent: 14,
    reporting: 80,
    unseen: 5,
    strongHabit: 60,
    usualFactor: 85,
    bypassCode: 1
  },
  counts: {
    aliases: [70, 88, 94, 96, 97, 98, 99, 99],
    phones: [7, 81, 96],
    tokens: [74, 96],
    webauthn: [48, 77, 93],
    u2f: [97],
    desktops: [66],
    desktopTokens: [99]
  },
  loginDays: () => 90,
  phoneDays: () => 120,
  phoneTypes: weighted([1, "Landline"], [1, "Unknown"], [18, "Mobile"]),
  numberOf: (dice, type) =>
    type === "Landline"
      ? `+15555550${100 + dice.below(100)}`
      : `+1555010${String(dice.below(10_000)).padStart(4, "0")}`,
  models: [
    model("Apple iOS", "Apple iPhone 15"),
    model("Apple iOS", "Apple iPhone 14 Pro"),
    model("Apple iOS", "Apple iPhone SE (3rd generation)"),
    model("Apple iOS", "Apple iPhone 16"),
    model("Google Android", "Google Pixel 9"),
    model("Google Android", "Samsung Galaxy S24"),
    model("Google Android", "Samsung Galaxy A15"),
    model("Apple iOS", "Apple iPad Pro (11-inch)", true),
    model("Google Android", "Samsung Galaxy Tab S9", true),
    model("Windows Phone", "Nokia Lumia 950"),
    model("Generic Smartphone", "Unknown")
  ],
  phoneNames: quoted(["", "", "", "work", "Zweithandy", "携帯 📱", "<b>phone</b>"]),
  appVersions: quoted(["4.120.0", "4.98.1", "5.2.0.1", ""]),
  activatedCapabilities: [
    `["auto", "push", "sms", "phone", "mobile_otp"]`,
    `["auto", "push", "sms", "phone", "mobile_otp"]`,
    `["auto", "push", "mobile_otp"]`,
    `["auto", "push", "sms", "mobile_otp"]`,
    `["auto", "push", "phone", "mobile_otp"]`,
    `["auto", "sms", "phone", "mobile_otp"]`,
    `["auto", "mobile_otp"]`,
    `["auto", "push"]`
  ],
  silentCapabilities: [
    `["auto", "sms", "phone"]`,
    `["auto", "sms"]`,
    `["auto", "phone"]`,
    `["sms", "phone"]`,
    `["sms"]`,
    `[]`
  ],
  encrypted: quoted(["Encrypted", "Encrypted", "Unencrypted", "Unknown", ""]),
  fingerprint: quoted(["Configured", "Configured", "Disabled", "Unknown", ""]),
  screenlock: quoted(["Locked", "Locked", "Unlocked", "Unknown", ""]),
  tampered: quoted(["Not tampered", "Not tampered", "Not tampered", "Tampered", "Unknown", "Not Tampered", ""]),
  tokenTypes: ["h6", "yk", "t6", "d1", "h8", "t8"],
  credentials: [
    credential("Passkey"),
    credential("YubiKey 5C"),
    credential("Touch ID"),
    credential("🔑 clé de Zoé"),
    credential(""),
    credential("Laptop")
  ],
  desktops: [
    computer("LAPTOP-01"),
    computer("mac.local"),
    computer("Büro-PC"),
    computer("DESKTOP-ß"),
    computer("工作站")
  ],
  roles: ["Administrator", "Help Desk", "User Manager", "Read-only", "Security Analyst", "Night 夜"],
  administratorStatuses: ["Active", "Active", "Active", "Active", "Disabled", "Expired", "Pending Activation"],
  intranet: "Intranet 社内",
  legacyPolicy: "Legacy 古い",
  cities: [
    [`"Ann Arbor"`, `"Michigan"`, `"United States"`],
    [`"Zürich"`, `"Zurich"`, `"Switzerland"`],
    [`"東京"`, `"Tokyo"`, `"Japan"`],
    ["null", "null", "null"]
  ]
}
