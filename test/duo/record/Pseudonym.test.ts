/** A record with pseudonyms does not tell who it is about. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Disguise from "../../../src/duo/record/Disguise.ts"
import * as Pseudonym from "../../../src/duo/record/Pseudonym.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"

const key = Buffer.alloc(32, 7)
const { number, text } = Pseudonym.make(key)
const { outcome, text: disguised } = Disguise.make(key, "api-12345678.duosecurity.com")
const many = { arbitrary: { runs: 2000 } }

const classes = [/[0-9]/, /[a-z]/, /[A-Z]/, /\p{Ll}/u, /\p{Lu}/u, /[\p{L}\p{Nd}]/u]
const shape = (value: string) =>
  Array.from(value, (char) => {
    const at = classes.findIndex((of) => of.test(char))
    // letters beyond U+FFFF do not keep their case
    return at < 0 ? char : char.length === 2 ? "xx" : String(at)
  }).join()

const isTelling = (value: string) => /[\p{L}\p{Nd}]/u.test(value)

/** Text with more letters, digits and marks than random text has. */
const Telling = Schema.Array(
  Schema.Literals([..."abzAZ059", "é", "É", "京", "\u{20000}", "\u{1d7d8}", "\u0308", "@", ".", " ", "🚀", "\ud800"])
).pipe(
  Schema.check(Schema.isMaxLength(80))
)

describe("A pseudonym", () => {
  it.prop("has the same shape as its value", [Schema.String, Telling], ([any, telling]) => {
    for (const value of [any, telling.join("")]) {
      assert.strictEqual(text(value).length, value.length)
      assert.strictEqual(shape(text(value)), shape(value))
    }
  }, many)

  it.prop("is never the value, and is the same every time", [Telling], ([telling]) => {
    const value = telling.join("")
    assert.strictEqual(text(value), Pseudonym.make(key).text(value))
    assert.strictEqual(text(value) === value, !isTelling(value))
  }, many)

  it.prop("is different with another key", [Schema.Int], ([n]) => {
    const value = `someone.${n}@example.com`
    assert.notStrictEqual(Pseudonym.make(Buffer.alloc(32, 8)).text(value), text(value))
  }, many)

  it("is different for each of 20,000 ids, phone numbers and addresses, and an id keeps its first two letters", () => {
    const values = Array.from({ length: 20_000 }, (_, n) => n)
    const ids = values.map((n) => `DU${n.toString(36).toUpperCase().padStart(18, "0")}`)
    const hashed = ids.map(text)
    assert.strictEqual(new Set(hashed).size, ids.length)
    assert.isTrue(hashed.every((id) => /^DU[A-Z0-9]{18}$/.test(id)))
    const addresses = new Set(values.map((n) => text(`user.name.${n}@example.com`)))
    assert.isAtLeast(addresses.size, 19_999)
  })

  it.prop("of a JSON number is a number of the same length, sign and exponent", [Schema.Finite], ([value]) => {
    const text = JSON.stringify(value)
    const hash = number(text)
    assert.isNumber(JSON.parse(hash))
    assert.strictEqual(hash.length, text.length)
    assert.notStrictEqual(hash, text)
    assert.strictEqual(hash.startsWith("-"), text.startsWith("-"))
    assert.strictEqual(hash.split("e")[1], text.split("e")[1])
  }, many)

  it("of a whole number is exact if the number is", () => {
    for (const about of [999_999_999_999_999n, 2n ** 53n, 99_999_999_999_999_999n]) {
      for (let n = -50n; n < 50n; n++) {
        const said = String(about + n)
        assert.strictEqual(Number.isSafeInteger(Number(number(said))), Number.isSafeInteger(Number(said)), said)
      }
    }
  })
})

/** The fields whose values may stay, as a list that is independent of the program's own. */
const harmless = new Set(
  ("status lockout_reason is_enrolled created last_login last_directory_sync type platform model activated capabilities " +
    "last_seen sms_passcodes_sent encrypted fingerprint screenlock tampered app_version os_version predelay postdelay " +
    "totp_step date_added duo_desktop_version os_family expiration reuse_count stat total_objects next_offset")
    .split(" ")
)

/** Every scalar of a JSON value, by its path. */
const leaves = function*(
  value: unknown,
  at = "",
  field = ""
): Generator<readonly [at: string, field: string, value: unknown]> {
  if (typeof value !== "object" || value === null) return yield [at, field, value]
  for (const [name, child] of Object.entries(value)) {
    yield* leaves(child, `${at}/${name}`, Array.isArray(value) ? field : name)
  }
}

const page = (users: ReadonlyArray<string>) =>
  `{"metadata": {"total_objects": ${users.length}}, "response": [${users.join(", ")}], "stat": "OK"}`

describe("An answer in disguise", () => {
  const tenant = Tenant.make({ people: "hostile", users: 400, seed: 5 })
  const original = page(Array.from({ length: tenant.size() }, (_, at) => tenant.text(at)))
  const hidden = disguised(original)

  it("has no name, address, number or id of 400 users, and keeps everything else", () => {
    const before = [...leaves(JSON.parse(original))]
    const after = [...leaves(JSON.parse(hidden))]
    assert.deepStrictEqual(after.map(([at]) => at), before.map(([at]) => at))
    const telling = new Set<string>()
    for (const [index, [at, field, value]] of before.entries()) {
      const now = after[index]?.[2]
      if (harmless.has(field) || typeof value === "boolean" || value === null || !isTelling(String(value))) {
        assert.strictEqual(now, value, at)
      } else {
        assert.notStrictEqual(now, value, at)
        assert.strictEqual(typeof now, typeof value, at)
        if (String(value).length >= 8) telling.add(String(value))
      }
    }
    assert.isAbove(telling.size, 2000)
    assert.deepStrictEqual([...telling].filter((value) => hidden.includes(value)), [])
  })

  it("has the same pseudonyms for the same person everywhere", () => {
    const seen = new Map<unknown, unknown>()
    const after = [...leaves(JSON.parse(hidden))]
    for (const [index, [, field, value]] of [...leaves(JSON.parse(original))].entries()) {
      if (harmless.has(field) || typeof value !== "string") continue
      assert.strictEqual(after[index]?.[2], seen.get(value) ?? after[index]?.[2])
      seen.set(value, after[index]?.[2])
    }
  })

  const secret = "Jane Roe"
  const unknown: ReadonlyArray<readonly [what: string, json: string]> = [
    ["a new field", `{"pet": "${secret}"}`],
    ["a field in an unknown object", `{"card": {"type": "${secret}", "status": "${secret}"}}`],
    ["a name that somebody gave to an attribute", `{"custom_attributes": {"${secret}": "active"}}`],
    ["a list in a list", `{"pets": [["${secret}"]]}`],
    ["an object where a word belongs", `{"status": {"status": "${secret}"}}`],
    ["a name where a time belongs", `{"created": "${secret}"}`],
    ["an address where a word belongs", `{"status": "${secret}@example.com"}`],
    ["a name of a field that Duo would not give", `{"${secret}": 1}`],
    ["an alias by any name", `{"aliases": {"${secret}": "x", "alias1": "${secret}"}}`],
    ["escaped text", `{"realname": "J\\u0061ne Roe \\"${secret}\\""}`],
    [
      "values that come after a deep place",
      `{"deep": ${"[".repeat(100_000)}${"]".repeat(100_000)}, "realname": "${secret}"}`
    ],
    ["a prototype", `{"__proto__": {"status": "${secret}"}, "constructor": "${secret}"}`]
  ]
  for (const [what, json] of unknown) {
    it(`hides ${what}`, () => {
      const text = disguised(page([json]))
      assert.doesNotThrow(() => JSON.parse(text))
      assert.notMatch(text, /Jane|Roe/)
    })
  }

  it("hides numbers in unknown fields, and keeps those of the answer itself", () => {
    const text = disguised(page([`{"employee": 4711471147, "date_of_birth": 19700101, "created": 1700000000}`]))
    assert.notMatch(text, /4711471147|19700101/)
    assert.match(text, /"created": 1700000000\b/)
    assert.match(text, /"total_objects": 1\b/)
  })

  it("keeps Duo's own sentences, and no others", () => {
    const kept = `{"code": 40301, "message": "Access forbidden", "stat": "FAIL"}`
    assert.strictEqual(disguised(kept), kept)
    assert.notInclude(disguised(kept.replace("Access forbidden", "Jane Roe may not")), "Jane")
  })

  it("that is not JSON keeps its punctuation and its length", () => {
    assert.strictEqual(disguised("<h1>Hi, José 7!</h1>"), "<x0>xx, xxxx 0!</x0>")
    assert.strictEqual(disguised(`\uFEFF{"stat": "OK"}`), `\uFEFF{"xxxx": "xx"}`)
    assert.strictEqual(disguised(`{"realname": "Jane`), `{"xxxxxxxx": "xxxx`)
  })

  it("names no host", () => {
    const host = "api-12345678.duosecurity.com"
    const { host: hidden } = Disguise.make(key, host)
    assert.match(hidden(host), /^api-\d{8}\.duosecurity\.com$/)
    assert.notStrictEqual(hidden(host), host)
    assert.match(hidden("127.0.0.1:38600"), /^api-[a-z]{8}\.duosecurity\.com$/)
    const headers = { location: "https://login.example.com/" }
    const redirect = outcome({ status: 302, headers, now: 0, duration: 0 })
    assert.match(JSON.stringify(redirect), /https:\/\/[a-z]{5}\.[a-z]{7}\.[a-z]{3}\//)
    assert.notInclude(JSON.stringify(redirect), "example")
  })
})
