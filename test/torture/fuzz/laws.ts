/** S2 to S4: unknown values, the laws of making rows, and objects that come twice. */
import { Result } from "effect"
import * as assert from "node:assert"
import { decodeWireUsers, type WireUser } from "../../../src/duo/wire/User.ts"
import type { Dice, NonEmpty } from "../../../src/emulator/people/Dice.ts"
import type { Json, JsonObject } from "../../../src/emulator/people/PythonJson.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import type { Case } from "../Case.ts"
import { often, type Trial } from "./answers.ts"
import { assertFit, assertSame, type Read, readOf, stamp } from "./path.ts"
import { pageRows } from "./rows.ts"

const tenant = Tenant.make({ people: "hostile", users: 3000, seed: 7 })
const somebody = (dice: Dice): JsonObject => tenant.user(dice.below(3000))

const decode = (users: ReadonlyArray<unknown>) => Result.getOrThrow(decodeWireUsers(users))

/** Reads pages of users as Duo sends them. */
const readPages = (pages: ReadonlyArray<ReadonlyArray<unknown>>) => readOf([], pages.map(decode))

const shuffled = <A>(dice: Dice, list: ReadonlyArray<A>): ReadonlyArray<A> =>
  list.map((item) => [dice.below(1_000_000), item] as const).toSorted(([a], [b]) => a - b).map(([_, item]) => item)

const lists = [
  "phones",
  "tokens",
  "webauthncredentials",
  "u2ftokens",
  "desktop_authenticators",
  "desktoptokens",
  "groups"
] as const

const turned = (dice: Dice, user: WireUser): WireUser => ({
  ...user,
  ...Object.fromEntries(lists.map((list) => [list, shuffled<unknown>(dice, user[list])]))
})

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const member = (of: JsonObject, name: string): ReadonlyArray<JsonObject> => {
  const list = of[name]
  return Array.isArray(list) ? list.filter(isObject) : []
}

const invented: NonEmpty<string> = ["telepathy", "Hibernating", "z9", "=1+1", "\u001b[31mred", "тест", "x".repeat(200)]

/** Functions that put an unknown word into a user. The result is the changed user, and how often the word counts. */
const novelties = {
  "user status": (user: JsonObject, word: string) => [{ ...user, status: word }, 1],
  "user field": (user: JsonObject, word: string) => [{ ...user, [`new_${word.length}`]: word }, 1],
  "phone type": (user: JsonObject, word: string) => {
    const phones = member(user, "phones").map((phone) => ({ ...phone, type: word }))
    return [{ ...user, phones }, phones.length]
  },
  "phone capability": (user: JsonObject, word: string) => {
    const phones = member(user, "phones").map((phone) => ({ ...phone, capabilities: ["sms", word] }))
    return [{ ...user, phones }, phones.length]
  },
  "token type": (user: JsonObject, word: string) => {
    const tokens = [{ token_id: "DH1", type: word }, ...member(user, "tokens")]
    return [{ ...user, tokens }, 1]
  },
  "group status": (user: JsonObject, word: string) => [{ ...user, groups: [{ group_id: "DG1", status: word }] }, 1]
} satisfies Record<string, (user: JsonObject, word: string) => [JsonObject, number]>

const control = /[\p{Cc}\p{Cf}]/u

const unknownThings = (dice: Dice): Trial => {
  const kind = dice.pick(Object.keys(novelties) as unknown as NonEmpty<keyof typeof novelties>)
  const before = somebody(dice)
  const [after, times] = novelties[kind](before, dice.pick(invented))
  return {
    // the same unknown value on another page is reported once
    reads: [readPages([[after]]), readPages([[after], [{ ...after, user_id: "DUTWIN" }]])],
    check: ([once, again]) => {
      assert.ok(once && again)
      assertFit(once.rows)
      assertSame(once.rows, pageRows(stamp, [[after]]))
      assert.equal(once.unknown_values, times, kind)
      assert.equal(once.warnings.length, Math.min(1, times))
      for (const warning of once.warnings) {
        assert.ok(warning.includes(kind.replace("user field", "field")) && !control.test(warning), warning)
      }
      assert.equal(again.unknown_values, kind === "user field" ? times : 2 * times)
      assert.equal(again.warnings.length, once.warnings.length)
      return { [kind]: times }
    }
  }
}

const laws = (dice: Dice): Trial => {
  const wire = Array.from({ length: 1 + dice.below(4) }, () => somebody(dice))
  const there = readPages([wire])
  const alone = there.users.map((user): Read => ({ ...there, users: [user] }))
  return {
    reads: [
      there,
      readPages([shuffled(dice, wire)]),
      { ...there, users: there.users.map((user) => turned(dice, user)) },
      ...alone
    ],
    check: ([made, other, shaken, ...each]) => {
      assert.ok(made && other && shaken)
      assertSame(other.rows, made.rows)
      assertSame(shaken.rows, made.rows)
      let methods = 0
      for (const [at, user] of there.users.entries()) {
        const rows = each[at]?.rows ?? {}
        const [found] = rows["users"] ?? []
        assert.equal(rows["users"]?.length, 1)
        const count = lists.slice(0, -1).reduce((sum, list) => sum + user[list].length, 0)
        assert.equal(rows["mfa_methods"]?.length, count, "a row an authenticator")
        assert.equal(rows["user_groups"]?.length, user.groups.length, "a row a group")
        assert.ok(
          user.is_enrolled !== true || found?.["method_count"] === count && count > 0,
          "who is enrolled has one"
        )
        for (const row of Object.values(rows).flat()) assert.equal(row["user_id"], user.user_id)
        methods += count
      }
      const all = (table: string) => each.flatMap(({ rows }) => rows[table] ?? [])
      const together = { users: all("users"), mfa_methods: all("mfa_methods"), user_groups: all("user_groups") }
      assertSame(together, made.rows) // nobody's rows depend on who else is there
      assert.equal(made.rows["users"]?.length, there.users.length, "everybody is there")
      assert.equal(made.rows["mfa_methods"]?.length, methods)
      return { users: there.users.length, methods }
    }
  }
}

/** A user who comes twice with different values, on one page or on two; and a shared phone and desktop. */
const duplicates = (dice: Dice): Trial => {
  const [first, other] = [somebody(dice), somebody(dice)]
  const shared = { phone_id: "DPSHARED", number: "+15555550100", capabilities: ["sms"] }
  const desktop = { desktop_authenticators: [{ dakey: "DSAME" }], desktoptokens: [{ desktoptoken_id: "DSAME" }] }
  const withShared = (user: JsonObject): JsonObject => ({
    ...user,
    phones: [...member(user, "phones"), shared, shared],
    ...desktop
  })
  const one = withShared(first)
  const two = {
    ...withShared(other),
    user_id: "DUOTHER",
    groups: [...member(other, "groups"), ...member(other, "groups")]
  }
  const again = { ...one, username: "somebody.else", phones: [] }
  const onOnePage = dice.chance(50)
  const pages = onOnePage ? [[one, two, again]] : [[one], [two, again]]
  return {
    reads: [readPages(pages)],
    check: ([made]) => {
      const rows = made?.rows ?? {}
      assertFit(rows)
      assertSame(rows, pageRows(stamp, pages))
      assert.equal(rows["users"]?.length, 2)
      const names = rows["users"]?.map(({ username }) => username)
      assert.ok(names?.includes(onOnePage ? one["username"] ?? null : "somebody.else"), "the newest is kept")
      const owners = rows["mfa_methods"]?.filter(({ method_id }) => method_id === "DPSHARED").map((_) => _["user_id"])
      assert.deepStrictEqual(owners?.toSorted(), [...onOnePage ? [String(one["user_id"])] : [], "DUOTHER"].toSorted())
      return { [onOnePage ? "twice on a page" : "on two pages"]: 1, "a shared phone": 1, "a desktop in both lists": 1 }
    }
  }
}

export const cases: ReadonlyArray<Case> = [
  {
    id: "S2",
    fault: "a status, a factor type, a capability or a field that this version does not know",
    expected: "a row with the raw value, which is counted as unknown and reported once",
    n: { test: 500, torture: 10_000 },
    run: (plan) => often(plan, unknownThings)
  },
  {
    id: "S3",
    fault: "any users in any order, with their devices in any order",
    expected: "the same rows: one for each user and each device, with the right owner",
    n: { test: 400, torture: 100_000 },
    run: (plan) => often(plan, laws)
  },
  {
    id: "S4",
    fault: "the same user twice on one page or on two, the same phone on two users or twice on one",
    expected:
      "the user of the later page is kept, or the first of a page; the other is counted; each key is there once",
    n: { test: 500, torture: 10_000 },
    run: (plan) => often(plan, duplicates)
  }
]
