/** The people whom the demo and the emulator show by default could work in a company. */
import { assert, describe, it } from "@effect/vitest"
import * as Tenant from "../../../../src/emulator/people/Tenant.ts"

const count = 2000
const tenant = Tenant.make({ users: count })
const users = Array.from({ length: count }, (_, at) => JSON.parse(tenant.text(at)))
const phones = users.flatMap((user) => user.phones)

const every = <A>(items: ReadonlyArray<A>, holds: (item: A) => boolean) =>
  assert.deepStrictEqual(items.filter((item) => !holds(item)).slice(0, 3), [])

/** The percentage of all items, and its bounds. */
const share = <A>(items: ReadonlyArray<A>, holds: (item: A) => boolean, atLeast: number, atMost: number) => {
  const percent = 100 * items.filter(holds).length / items.length
  assert.isTrue(percent >= atLeast && percent <= atMost, String(percent))
}

const isIn = (group: string) => (user: { groups: ReadonlyArray<{ name: string }> }) =>
  user.groups.some(({ name }) => name === group)

describe("plausible people", () => {
  it("have ordinary names in Latin letters, and a username and an e-mail address made from them in one way", () => {
    every(
      users,
      ({ realname }) => /^\p{Lu}[\p{L}'-]+ [\p{L}' ]+$/u.test(realname) && !/[^\p{Script=Latin}' -]/u.test(realname)
    )
    every(users, ({ realname }) => realname === realname.normalize("NFC"))
    every(users, ({ firstname, lastname, realname }) => realname === `${firstname} ${lastname}`)
    every(users, ({ username }) => /^[a-z]+\.[a-z]+\d*$/.test(username))
    every(users, ({ email, username }) => email === `${username}@example.com`)
    every(users, ({ notes }) => /^[A-Za-z ]*$/.test(notes))
    share(users, ({ realname }) => /[^ -~]/.test(realname), 5, 35)
    assert.isAbove(new Set(users.map(({ realname }) => realname)).size, 1000)
  })

  it("have phones that exist, with systems that exist for them, most of them recent", () => {
    const mobile = phones.filter(({ type }) => type === "Mobile")
    share(phones, ({ type }) => type === "Mobile", 95, 100)
    every(mobile, ({ model, platform }) => platform === (model.startsWith("Apple ") ? "Apple iOS" : "Google Android"))
    const active = mobile.filter(({ activated }) => activated)
    const major = ({ os_version }: { os_version: string }) => Number(os_version.split(".")[0])
    const [ios, android] = ["Apple iOS", "Google Android"].map((name) =>
      active.filter(({ platform }) => platform === name)
    )
    every(ios ?? [], (phone) => [16, 17, 18, 26].includes(major(phone)))
    every(android ?? [], (phone) => [12, 13, 14, 15, 16].includes(major(phone)))
    share(ios ?? [], (phone) => major(phone) === 26, 60, 90)
    share(android ?? [], (phone) => major(phone) >= 15, 60, 95)
    share(active, ({ tampered }) => tampered === "Tampered", 0, 2)
    every(active.filter(({ platform }) => platform === "Apple iOS"), ({ encrypted }) => encrypted !== "Unencrypted")
    every(phones, ({ number }) => number === "" || /^\+1[2-9]\d\d55501\d\d$/.test(number))
  })

  it("are in one department each, and few of them are privileged", () => {
    const departments = ["Engineering", "Sales", "Customer Support", "Warehouse", "Finance", "Marketing"]
    for (const group of [...departments, "IT"]) share(users, isIn(group), 4, 30)
    every(
      users,
      (user) =>
        [...departments, "IT", "Human Resources", "Legal", "Executives"].filter((one) => isIn(one)(user)).length === 1
    )
    every(users, (user) => isIn("All Staff")(user) !== isIn("Contractors")(user))
    share(users, isIn("Domain Admins"), 1, 5)
    share(users, isIn("Break Glass"), 0.2, 1.5)
    share(users, isIn("Contractors"), 5, 12)
  })

  it("mostly are active and have a second factor, and only some have tokens", () => {
    share(users, ({ status }) => status === "active", 92, 97)
    share(users, ({ status }) => status === "bypass", 0.2, 2)
    share(users, ({ is_enrolled }) => is_enrolled, 93, 98)
    share(users, ({ tokens }) => tokens.length > 0, 3, 12)
  })
})
