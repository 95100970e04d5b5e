/** The hostile people, whom tests of oddities ask for, have each kind of oddity, and often enough to be met. */
import { assert, describe, it } from "@effect/vitest"
import * as Tenant from "../../../../src/emulator/people/Tenant.ts"

const tenant = Tenant.make({ users: 3000, people: "hostile", administrators: 100 })
const users = Array.from({ length: 3000 }, (_, at) => JSON.parse(tenant.text(at)))
const admins = Array.from({ length: 100 }, (_, at) => JSON.parse(tenant.admin(at)))
const { integrations, policies } = tenant.protected

const all = (list: string, field: string) => users.flatMap((user) => user[list]).map((one) => one[field])

const texts: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  username: users.map(({ username }) => username),
  realname: users.map(({ realname }) => realname),
  firstname: users.map(({ firstname }) => firstname),
  email: users.map(({ email }) => email),
  notes: users.map(({ notes }) => notes),
  group: all("groups", "name"),
  "name of a phone": all("phones", "name"),
  number: all("phones", "number"),
  credential: all("webauthncredentials", "credential_name"),
  computer: users.flatMap(({ desktop_authenticators = [] }) => desktop_authenticators).map((one) => one.device_name),
  tamper: all("phones", "tampered"),
  role: admins.map(({ role }) => role),
  "name of an administrator": admins.map(({ name }) => name),
  application: integrations.map((text) => JSON.parse(text).name),
  policy: policies.map((text) => JSON.parse(text).policy_name)
}

/** What occurs in which texts. */
const oddities: ReadonlyArray<readonly [of: string, pattern: RegExp]> = [
  ["username", /^CORP\\[a-z]/],
  ["username", /^[A-Z.]+$/],
  ["username", /@example\.org$/],
  ["username", / 🚀$/],
  ["username", /^\P{Script=Latin}+-/u],
  ["realname", /^[^]*\p{Script=Arabic}/u],
  ["realname", /\p{Script=Hebrew}/u],
  ["realname", /\p{Script=Devanagari}/u],
  ["realname", /\p{Script=Thai}/u],
  ["realname", /\p{Script=Hangul}/u],
  ["realname", /[\u{20000}-\u{2ffff}]/u],
  ["realname", /[a-z]\p{M}/u],
  ["realname", /🦊/],
  ["realname", /"Ace"/],
  ["realname", /O'Neil/],
  ["realname", /Smith\\Jones/],
  ["realname", /^$/],
  ["realname", /^null$/],
  ["firstname", /^$/],
  ["firstname", /^null$/],
  ["email", /^$/],
  ["email", /@example\.org$/],
  ["notes", /\n/],
  ["notes", /^=/],
  ["group", /"/],
  ["group", /\p{Script=Katakana}/u],
  ["name of a phone", /^<b>/],
  ["name of a phone", /📱/],
  ["number", /^$/],
  ["credential", /🔑/],
  ["computer", /ß/],
  ["computer", /\p{Script=Han}/u],
  ["tamper", /^Not Tampered$/],
  ["role", /夜/],
  ["name of an administrator", /[^ -~]/],
  ["application", /社/],
  ["policy", /古/]
]

describe("hostile people", () => {
  for (const [of, pattern] of oddities) {
    it(`have, as ${of}, ${pattern}`, () => {
      assert.isAbove((texts[of] ?? []).filter((text) => pattern.test(String(text))).length, 0)
    })
  }

  it("have systems that do not exist for their phones, phones of dead platforms, and objects of every form", () => {
    const phones = users.flatMap(({ phones }) => phones)
    const of = (platform: string) => phones.filter((phone) => phone.platform === platform)
    assert.isAbove(of("Google Android").filter(({ os_version }) => os_version === "18.6.2").length, 20)
    assert.isAbove(of("Windows Phone").filter(({ os_version }) => os_version === "26.0").length, 5)
    for (const field of ["os_version", "quarantined"]) {
      const there = phones.filter((phone) => field in phone).length / phones.length
      assert.isTrue(there > 0.4 && there < 0.6, `${field} ${there}`)
    }
    for (const field of ["lockout_reason", "custom_attributes", "desktop_authenticators"]) {
      const there = users.filter((user) => field in user).length / users.length
      assert.isTrue(there > 0.1 && there < 0.95, `${field} ${there}`)
    }
    assert.isAbove(admins.filter((admin) => !("phone_details" in admin)).length, 20)
    assert.isAbove(users.filter(({ aliases }) => Object.keys(aliases).length > 4).length, 50)
  })
})
