/** The invented tenant: the same for the same seed, and with everything that real tenants show. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { dumps } from "../../../src/emulator/people/PythonJson.ts"
import type { People } from "../../../src/emulator/people/tables/PeopleTables.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const some = { arbitrary: { runs: 25 } }
const Some = Schema.Literals(["plausible", "hostile"] satisfies ReadonlyArray<People>)
const texts = (tenant: Tenant.Tenant) => Array.from({ length: tenant.size() }, (_, at) => tenant.text(at))

describe("an invented tenant", () => {
  it.prop("is the same bytes for the same seed", [Schema.String, between(0, 60), Some], ([seed, users, people]) => {
    assert.deepStrictEqual(texts(Tenant.make({ users, seed, people })), texts(Tenant.make({ users, seed, people })))
  }, some)

  it.prop(
    "gives a user that does not depend on how many there are",
    [Schema.Int, between(0, 999), Some],
    ([seed, at, people]) => {
      const small = Tenant.make({ users: at + 1, seed, people })
      assert.strictEqual(small.text(at), Tenant.make({ users: 1_000_000, seed, people }).text(at))
    },
    some
  )

  it("has other users for another seed", () => {
    assert.notDeepEqual(texts(Tenant.make({ users: 50, seed: 1 })), texts(Tenant.make({ users: 50, seed: 2 })))
  })

  it.prop("is written as Python writes JSON: sorted keys, ASCII", [Schema.Int, Some], ([seed, people]) => {
    for (const user of texts(Tenant.make({ users: 40, seed, people }))) {
      assert.strictEqual(dumps(JSON.parse(user)), user)
      assert.match(user, /^[ -~]*$/)
    }
  }, some)

  it("has keys in Python's order, which is that of the code points", () => {
    assert.strictEqual(
      dumps({ "\u{10000}": -0, "\uffff": 1.5, A: [true, null], "\"": { "\u007f": "\u2028\b" } }),
      String.raw`{"\"": {"\u007f": "\u2028\b"}, "A": [true, null], "\uffff": 1.5, "\ud800\udc00": -0.0}`
    )
  })

  interface User {
    readonly user_id: string
    readonly username: string
    readonly status: string
    readonly aliases: object
    readonly email: string
    readonly realname: string | null
    readonly is_enrolled: boolean
    readonly groups: ReadonlyArray<{ readonly status: string }>
    readonly phones: ReadonlyArray<Record<string, string>>
    readonly tokens: ReadonlyArray<Record<string, string>>
    readonly webauthncredentials: ReadonlyArray<Record<string, string>>
    readonly u2ftokens: ReadonlyArray<object>
    readonly desktoptokens: ReadonlyArray<object>
    readonly desktop_authenticators?: ReadonlyArray<object>
  }
  const usersOf = (people: People) =>
    texts(Tenant.make({ users: 20_000, seed: 1, people })).map((user) => JSON.parse(user) as User)
  const users = usersOf("hostile")
  const seen = (values: ReadonlyArray<string | undefined>) => Array.from(new Set(values)).sort()

  it("never has two users with the same id, or with usernames that differ in letter case only", () => {
    for (const some of [users, usersOf("plausible")]) {
      assert.strictEqual(new Set(some.map((user) => user.user_id)).size, some.length)
      assert.strictEqual(new Set(some.map((user) => user.username.toLowerCase())).size, some.length)
      assert.isTrue(some.every((user) => /^DU[0-9A-Z]{18}$/.test(user.user_id)))
    }
  })

  it("has every status, factor, label and platform that Duo is known to answer", () => {
    const phones = users.flatMap((user) => user.phones)
    const has = (found: ReadonlyArray<string | undefined>, wanted: ReadonlyArray<string>) =>
      assert.deepStrictEqual(seen(found), [...wanted].sort())
    has(users.map((user) => user.status), ["active", "bypass", "disabled", "locked out", "pending deletion"])
    has(users.flatMap((user) => user.groups.map((group) => group.status)), ["Active", "Bypass", "Disabled"])
    has(phones.map((phone) => phone["type"]), ["Landline", "Mobile", "Unknown"])
    has(phones.map((phone) => phone["platform"]), [
      "Apple iOS",
      "Generic Smartphone",
      "Google Android",
      "Unknown",
      "Windows Phone"
    ])
    has(users.flatMap((user) => user.tokens.map((token) => token["type"])), ["d1", "h6", "h8", "t6", "t8", "yk"])
    has(users.flatMap((user) => user.webauthncredentials.map((credential) => credential["label"])), [
      "Chrome on Mac",
      "Security Key",
      "Touch ID",
      "iCloud Keychain"
    ])
    has(phones.flatMap((phone) => phone["capabilities"] ?? []), ["auto", "mobile_otp", "phone", "push", "sms"])
    assert.isTrue(phones.some((phone) => phone["number"] === ""))
    assert.isTrue(users.some((user) => "alias8" in user.aliases))
    for (const list of ["u2ftokens", "desktoptokens", "desktop_authenticators"] as const) {
      assert.isTrue(users.some((user) => (user[list] ?? []).length > 0), list)
    }
    for (const name of ["desktop_authenticators", "external_id", "lockout_reason", "custom_attributes"]) {
      assert.isTrue(users.some((user) => name in user) && users.some((user) => !(name in user)), name)
    }
  })

  it("has about two and a half methods per user, and users without any, who are not enrolled", () => {
    const methods = users.map((user) =>
      user.phones.length + user.tokens.length + user.webauthncredentials.length + user.u2ftokens.length +
      user.desktoptokens.length + (user.desktop_authenticators ?? []).length
    )
    const mean = methods.reduce((sum, n) => sum + n, 0) / users.length
    assert.isTrue(mean > 2.2 && mean < 2.8, String(mean))
    const nothing = users.filter((_, n) => methods[n] === 0)
    assert.isTrue(nothing.length > users.length / 50)
    assert.isTrue(nothing.every((user) => !user.is_enrolled))
  })

  it("has only reserved addresses and numbers, names in many scripts, and some phones that two users share", () => {
    const addresses = users.map((user) => user.email).filter((email) => email !== "")
    assert.isTrue(addresses.every((email) => /@example\.(?:com|org)$/.test(email)))
    const numbers = users.flatMap((user) => user.phones.map((phone) => phone["number"] ?? "")).filter((n) => n !== "")
    assert.isTrue(numbers.every((number) => /^\+1555(?:010\d{4}|55501\d\d)$/.test(number)))
    const names = users.map((user) => user.realname ?? "").join()
    for (const script of [/\p{Emoji_Presentation}/u, /\p{M}/u, /\p{Script=Arabic}/u, /\p{Script=Han}/u]) {
      assert.match(names, script)
    }
    const phones = users.flatMap((user) => user.phones.map((phone) => phone["phone_id"]))
    assert.isTrue(new Set(phones).size < phones.length)
  })

  it.prop(
    "protects the same applications with the same policies for the same seed, and its groups are those of its users",
    [Schema.String, Some],
    ([seed, people]) => {
      const tenant = Tenant.make({ users: 300, seed, people })
      assert.deepStrictEqual(tenant.protected, Tenant.make({ users: 0, seed, people }).protected)
      const { integrations, policies, summary } = tenant.protected
      for (const text of [...integrations, ...policies, summary]) {
        assert.match(text, /^[ -~]*$/)
        assert.strictEqual(dumps(JSON.parse(text)), text)
      }
      const ids = (text: string) => new Set(text.match(/DG[A-Z0-9]{18}/g))
      const known = ids(Array.from({ length: 300 }, (_, at) => tenant.text(at)).join())
      const named = ids(integrations.join() + summary)
      assert.isAbove(named.size, 2)
      assert.deepStrictEqual([...named].filter((id) => !known.has(id)), [])
      const keys = policies.map((text) => JSON.parse(text).policy_key)
      const applied = integrations.flatMap((text) => JSON.parse(text).policy_key ?? [])
      assert.deepStrictEqual(applied.filter((key) => !keys.includes(key)), [])
    },
    some
  )
})
