/** N7 and N9: the answer is not from Duo, or it is not text or JSON that can be stored as it is. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { Fault } from "../../../src/emulator/faults/Scenario.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { type Case, sum } from "../Case.ts"
import { extract } from "./table/Extraction.ts"
import { afterwards, type Expected, type Row, small } from "./table/Row.ts"
import { stranger } from "./table/Stranger.ts"
import { forGood, once, table } from "./table/Table.ts"

const notDuo = (says?: RegExp): Expected => ({
  is: "refused",
  tag: "NotDuo",
  exit: 69,
  strikes: 1,
  ...says && { says }
})

const somebodyElse = (redirects: string): Case => {
  const to = (url: string, http: number, says: RegExp): readonly [name: string, fault: Fault, says: RegExp] => [
    `${http} to ${url.replace(redirects, "a stranger")}`,
    { fault: "redirect", to: url, http },
    says
  ]
  const strangers = [301, 302, 303, 307, 308].map((http) =>
    to(`http://${redirects}/admin/v1/users?user=1`, http, new RegExp(`a redirect to ${redirects} \\(HTTP ${http}\\)`))
  )
  const faults: ReadonlyArray<readonly [name: string, fault: Fault, says: RegExp]> = [
    ["a page of HTML", { fault: "html" }, /a page of HTML instead of JSON/],
    ["a 403 in HTML", { fault: "html", http: 403 }, /HTTP 403 with a page of HTML/],
    ["nothing in a 200", { fault: "empty" }, /an empty answer/],
    ["a 204", { fault: "empty", http: 204 }, /HTTP 204 without an answer/],
    ["no stat", { fault: "no_stat" }, /JSON without Duo's stat/],
    ...strangers,
    to("/login", 302, /a redirect \(HTTP 302\)/),
    to("https://portal.example.com/", 302, /a redirect to portal\.example\.com/),
    to(`https://${redirects}/admin/v2/users`, 307, new RegExp(`a redirect to ${redirects} `)),
    to("file:///etc/passwd", 302, /a redirect/)
  ]
  return table(
    {
      id: "N7",
      fault: "HTML, an empty body, a captive portal's 302, a redirect to any host",
      expected: "NotDuo without a retry, exit 69; the other host never gets a request",
      n: { test: 2, torture: 100 }
    },
    (k) => faults.map(([name, fault, says]): Row => ({ name, scenario: forGood(k, fault), expected: notDuo(says) }))
  )
}

/** Runs with another server to be redirected to, and checks that it got no request. */
const redirected: Case = {
  ...somebodyElse(""),
  run: (plan) =>
    Effect.scoped(Effect.gen(function*() {
      const other = yield* stranger
      const reached = yield* somebodyElse(other.host).run(plan)
      assert.strictEqual(other.requests(), 0, "a stranger was asked")
      return reached
    }))
}

const unreadable = (tag: string, says?: RegExp): Expected => ({
  is: "refused",
  tag,
  exit: 65,
  strikes: 1,
  ...says && { says }
})

const field = (name: string, json: string): Fault => ({ fault: "field", name, json })
const deep = (opening: string, closing: string) => `${opening.repeat(200_000)}${closing.repeat(200_000)}`

const badText: ReadonlyArray<readonly [name: string, fault: Fault, expected: Expected]> = [
  ["bytes that are no UTF-8", { fault: "invalid_utf8" }, unreadable("NotUtf8")],
  ["a byte order mark", { fault: "bom" }, unreadable("NotUtf8", /byte order mark/)],
  ["a NUL as it is", field("realname", `"a\0b"`), unreadable("NotJson")],
  [
    "half a surrogate pair in an id",
    field("user_id", String.raw`"DU\ud83d"`),
    unreadable("UnreadableAnswer", /user_id/)
  ],
  ["a list 200,000 deep for text", field("realname", deep("[", "]")), unreadable("UnreadableAnswer", /realname/)],
  ["a list 200,000 deep for phones", field("phones", deep("[", "]")), unreadable("UnreadableAnswer", /phones/)],
  ["1e400 for a time", field("created", "1e400"), unreadable("UnreadableAnswer", /created/)],
  ["1e400 for text", field("realname", "1e400"), unreadable("UnreadableAnswer", /realname/)],
  ["2^53 + 1 for a time", field("created", "9007199254740993"), unreadable("UnreadableAnswer", /created/)],
  ["2^53 + 1 for text", field("realname", "9007199254740993"), unreadable("UnreadableAnswer", /realname/)],
  ["an object for text", field("realname", `{"a": 1}`), unreadable("UnreadableAnswer", /realname/)],
  ["a user_id that is a number too large", field("user_id", "1e400"), unreadable("UnreadableAnswer", /user_id/)],
  ["200,000 deep where nobody looks", field("zz", deep("[", "]")), { is: "exact", retries: 0 }],
  ["objects 200,000 deep where nobody looks", field("zz", `${deep(`{"a":`, "}").replace(":}", ":1}")}`), {
    is: "exact"
  }],
  ["1e400 where nobody looks", field("zz", "1e400"), { is: "exact", retries: 0 }],
  ["a __proto__", field("__proto__", `{"user_id": "DUEVIL", "username": "evil"}`), { is: "exact", retries: 0 }],
  ["a __proto__ that is null", field("__proto__", "null"), { is: "exact", retries: 0 }],
  ["a constructor", field("constructor", `{"prototype": {"user_id": "DUEVIL"}}`), { is: "exact", retries: 0 }],
  ["a toString", field("toString", "1"), { is: "exact", retries: 0 }]
]

const words = [
  "a\u0000b",
  "\u0001\u001f\u007f",
  "\ufeffmark",
  "😀 \u{10ffff}",
  "e\u0301 é",
  "\u202eevil\u202c",
  "__proto__",
  "constructor",
  "9007199254740993",
  "1e400",
  "NaN",
  "\u2028\u2029",
  "\\u0041",
  "'; DROP TABLE users; --",
  "=cmd|' /C calc'!A0",
  "\u001b[31mred"
]

/** Checks that the rows have exactly the texts that Duo has for names. */
const roundTrip = Effect.gen(function*() {
  const users = words.map((username, n) => ({ user_id: `DU${n}`, username }))
  const ended = yield* extract({ ...small, duo: { tenant: Tenant.fromUsers(users) } })
  afterwards(ended)
  const names = (ended.rows["users"] ?? []).map((line) => {
    const { user_id, username }: typeof users[number] = JSON.parse(line)
    return { user_id, username }
  })
  const byId = (all: typeof users) => new Map(all.map(({ user_id, username }) => [user_id, username]))
  assert.deepStrictEqual(byId(names), byId(users))
  return { "words that come out as they went in": words.length }
})

/** A user with half of a surrogate pair in every text except ids, also in nested objects and in a field's name. */
const cut = String.raw`{"user_id": "DU1", "username": "a\ud83d", "realname": "\ude00 b\ud83d", "notes": "\udc00\ud800",
  "groups": [{"group_id": "DG1", "name": "x\udfffy", "status": "Active"}], "zz": {"\ud800": ["\udfff", "😀"]},
  "phones": [{"phone_id": "DP1", "name": "\ud83d\ude00\ud83d", "capabilities": ["push"], "activated": true}]}`

/** Checks the rows of such a user, and that another user's rows are unchanged. */
const halves = Effect.gen(function*() {
  const whole = { user_id: "DU2", username: "😀" }
  const { error, outcome, rows } = yield* extract({
    ...small,
    duo: { tenant: Tenant.fromUsers([JSON.parse(cut), whole]) }
  })
  assert.isUndefined(error, error?.message)
  const [user, other] = (rows["users"] ?? []).map((line) => JSON.parse(line))
  const [method] = (rows["mfa_methods"] ?? []).map((line) => JSON.parse(line))
  assert.deepInclude(user, {
    username: "a\ufffd",
    realname: "\ufffd b\ufffd",
    notes: "\ufffd\ufffd",
    group_names: "x\ufffdy"
  })
  assert.deepInclude(other, whole)
  assert.deepInclude(method, { name: "😀\ufffd" })
  assert.isTrue(outcome?.complete)
  const told = outcome?.warnings.filter((warning) => warning.startsWith("half of a surrogate pair in a user")).sort()
  assert.deepStrictEqual(
    told,
    ["groups[].name", "notes", "phones[].name", "realname", "username", "zz.(unusual name)[]", "zz"].sort().map((
      path
    ) => `half of a surrogate pair in a user, now U+FFFD: ${path}`)
  )
  return { "halves that are told with their path": told?.length ?? 0 }
})

const text = table(
  {
    id: "N9",
    fault:
      "invalid UTF-8, a byte order mark, NUL, half surrogate pairs, nesting of 200,000, 1e400, 2^53 + 1, __proto__",
    expected: "half a pair becomes U+FFFD, counted and reported with its path; the rest is exact, or refused with 65",
    n: { test: 1, torture: 100 }
  },
  (k) => badText.map(([name, fault, expected]) => ({ name, scenario: once(k, fault), expected }))
)

const withRoundTrip: Case = {
  ...text,
  run: (plan) => Effect.map(Effect.all([text.run(plan), roundTrip, halves]), sum)
}

export const cases: ReadonlyArray<Case> = [redirected, withRoundTrip]
