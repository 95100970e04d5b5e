/**
 * A tenant of twelve people, day by day, so small that a reader knows the answer to any question. The days are in
 * November 2026, and the runs are at nine in the morning.
 *
 * - ann has a key and a phone, is a domain admin, and gets a token on the 8th
 * - bob has text messages, gets a key on the 3rd, gives up his phone on the 5th, and is bobby from the 8th on
 * - cid has nothing
 * - dot is on bypass from the 2nd on
 * - eve, a domain admin, loses her key on the 5th and keeps a token
 * - fay is disabled on the 3rd, gone on the 5th, and back on the 8th
 * - gus joins on the 1st, in the afternoon, and enrols on the 4th
 * - hal and ivy share a phone for text messages; hal has not logged in since June
 * - jon has a bypass code that never expires, and a phone that approves pushes
 * - kim has a rooted phone that approves pushes, and whose system is three releases older than jon's
 * - lea joins on the 4th and enrols nothing
 */
import { authenticatorsOf, type JsonObject } from "./people.ts"

const at = (day: number, hour = 12) => Date.UTC(2026, 10, day, hour) / 1000

const { key, person, phone, token } = authenticatorsOf(at)

const group = (id: string, name: string) => ({ group_id: `DG${id}`, name, desc: "", status: "Active" })
const admins = group("ADMINS", "Domain Admins")
const engineering = group("ENGINEERING", "Engineering")
const sales = group("SALES", "Sales")

const text = { activated: false, capabilities: ["sms", "phone"], platform: "Generic Smartphone", model: "Unknown" }

/** The days with a run. There is none on the 6th and the 7th. */
export const days = [1, 2, 3, 4, 5, 8] as const

/** The users on the morning of a day, as Duo sends them. */
export const usersOn = (day: number): ReadonlyArray<JsonObject> => {
  const login = at(day - 1)
  const shared = phone("SHARED", "+15555550199", text)
  return [
    person("ann", {
      groups: [admins, engineering],
      last_login: login,
      webauthncredentials: [key("ANN", 1)],
      phones: [phone("ANN", "+15555550101")],
      tokens: day >= 8 ? [token("ANN", "100001")] : []
    }),
    person(day >= 8 ? "bobby" : "bob", {
      user_id: "DUBOB",
      groups: [sales],
      last_login: login,
      phones: day >= 5 ? [] : [phone("BOB", "+15555550102", text)],
      webauthncredentials: day >= 3 ? [key("BOB", 3)] : []
    }),
    person("cid", { groups: [engineering], last_login: null, is_enrolled: false }),
    person("dot", {
      groups: [sales],
      last_login: login,
      status: day >= 2 ? "bypass" : "active",
      phones: [phone("DOT", "+15555550104")]
    }),
    person("eve", {
      groups: [admins],
      last_login: login,
      tokens: [token("EVE", "100005")],
      webauthncredentials: day >= 5 ? [] : [key("EVE", 1)]
    }),
    ...day < 5 || day >= 8
      ? [person("fay", {
        groups: [sales],
        last_login: at(1, 8),
        status: day >= 3 && day < 8 ? "disabled" : "active",
        phones: [phone("FAY", "+15555550106", { platform: "Google Android", os_version: "16" })]
      })]
      : [],
    ...day >= 2
      ? [person("gus", {
        created: at(1, 15),
        last_login: day >= 5 ? login : null,
        is_enrolled: day >= 5,
        phones: day >= 5 ? [phone("GUS", "+15555550107")] : []
      })]
      : [],
    person("hal", { groups: [sales], last_login: Date.UTC(2026, 5, 1) / 1000, phones: [shared] }),
    person("ivy", { groups: [sales], last_login: login, phones: [shared] }),
    person("jon", {
      groups: [engineering],
      last_login: login,
      phones: [phone("JON", "+15555550110", { platform: "Google Android", os_version: "16" })]
    }),
    person("kim", {
      groups: [engineering],
      last_login: login,
      phones: [phone("KIM", "+15555550111", { tampered: "Tampered", os_version: "13", platform: "Google Android" })]
    }),
    ...day >= 5 ? [person("lea", { created: at(4, 15), last_login: null, is_enrolled: false })] : []
  ]
}

/** The bypass codes on the morning of a day, as Duo sends them. */
export const codesOn = (day: number): ReadonlyArray<JsonObject> =>
  day < 2 ? [] : [{
    bypass_code_id: "DBJON",
    admin_email: "helpdesk@example.com",
    created: at(1, 15),
    expiration: null,
    reuse_count: null,
    user: { user_id: "DUJON", username: "jon" }
  }]
