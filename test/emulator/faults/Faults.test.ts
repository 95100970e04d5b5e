/** Every fault of a scenario has its effect and is counted. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Fault } from "../../../src/emulator/faults/Scenario.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { type Emulator, serve } from "../../../src/emulator/server/Emulator.ts"
import { ask, type Got, json, nextOffset, text } from "../../support/servers/emulator-client.ts"

const faultNames = Fault.members.map((member) => member.fields.fault.literal)

/** Asks for a page of a tenant of ten users with a fault. */
const under = (fault: Fault, check: (got: Got, emulator: Emulator) => void) =>
  Effect.gen(function*() {
    const emulator = yield* serve({ users: 10, scenario: [{ do: fault }] })
    const got = yield* ask(emulator, { params: { limit: "4", offset: "4" } })
    assert.deepStrictEqual(emulator.reached, { [fault.fault]: 1 })
    assert.deepStrictEqual(emulator.requests[0]?.faults, [fault.fault])
    check(got, emulator)
  })

const first = (got: Got): Record<string, unknown> => ({ ...json(got).response?.[0] })

const cases: ReadonlyArray<readonly [does: string, fault: Fault, check: (got: Got, emulator: Emulator) => void]> = [
  ["any error of Duo's", { fault: "status", code: 50001 }, (got) => {
    assert.strictEqual(got.status, 500)
    assert.strictEqual(text(got), `{"code": 50001, "message": "Unknown internal server error", "stat": "FAIL"}`)
  }],
  [
    "an error with hostile words",
    { fault: "status", code: 40002, message: "\u001b[31mred", detail: "é", http: 418 },
    (got) => {
      assert.strictEqual(got.status, 418)
      assert.strictEqual(json(got).message, "\u001b[31mred")
      assert.strictEqual(json(got).message_detail, "é")
    }
  ],
  ["an error without a code", { fault: "empty_code" }, (got) => assert.include(text(got), `"code": ""`)],
  ["a 429 without a word", { fault: "rate_limit" }, (got) => {
    assert.strictEqual(json(got).code, 42901)
    assert.isUndefined(got.headers["retry-after"])
  }],
  [
    "a 429 with seconds",
    { fault: "rate_limit", retry_after: "seconds", seconds: 7 },
    (got) => assert.strictEqual(got.headers["retry-after"], "7")
  ],
  [
    "a 429 with a date",
    { fault: "rate_limit", retry_after: "http-date", seconds: 7 },
    (got) => assert.strictEqual(got.headers["retry-after"], "Thu, 01 Jan 1970 00:00:07 GMT")
  ],
  [
    "a 429 with Duo's own header",
    { fault: "rate_limit", retry_after: "x-retry-after", seconds: 7 },
    (got) => assert.strictEqual(got.headers["x-retry-after"], "7")
  ],
  [
    "a 429 with garbage",
    { fault: "rate_limit", raw: "soon" },
    (got) => assert.strictEqual(got.headers["retry-after"], "soon")
  ],
  ["a key that was rotated", { fault: "key_rotated" }, (got) => assert.strictEqual(json(got).code, 40103)],
  ["FAIL in a 200", { fault: "fail_200", code: 40301 }, (got) => {
    assert.deepStrictEqual([got.status, json(got).stat, json(got).code], [200, "FAIL", 40301])
  }],
  ["a captive portal", { fault: "html", http: 502 }, (got) => {
    assert.strictEqual(got.status, 502)
    assert.match(text(got), /^<!DOCTYPE html>/)
  }],
  ["nothing in a 200", { fault: "empty" }, (got) => assert.deepStrictEqual([got.status, text(got)], [200, ""])],
  [
    "a redirect",
    { fault: "redirect", to: "https://example.com/" },
    (got) => assert.deepStrictEqual([got.status, got.headers.location], [302, "https://example.com/"])
  ],
  ["a clock ten minutes ahead", { fault: "clock", seconds: 600 }, (got) => {
    assert.strictEqual(json(got).code, 40105)
    assert.strictEqual(got.headers.date, "Thu, 01 Jan 1970 00:10:00 GMT")
  }],
  [
    "an edit before the answer",
    { fault: "edit", edit: { edit: "remove", at: 4 } },
    (got) =>
      assert.deepStrictEqual([first(got)["user_id"], json(got).metadata?.total_objects], [
        Tenant.make({ users: 10 }).user(5)["user_id"],
        9
      ])
  ],
  [
    "an edit after the answer",
    { fault: "edit", edit: { edit: "remove", at: 4 }, after: true },
    (got, { tenant }) => assert.deepStrictEqual([json(got).metadata?.total_objects, tenant.size()], [10, 9])
  ],
  [
    "a short page",
    { fault: "short_page", size: 2 },
    (got) => assert.deepStrictEqual([json(got).response?.length, nextOffset(got)], [2, 6])
  ],
  [
    "missing users",
    { fault: "drop_users", count: 1 },
    (got) => assert.deepStrictEqual([json(got).response?.length, nextOffset(got)], [3, 8])
  ],
  ["no metadata", { fault: "no_metadata" }, (got) => assert.notProperty(json(got), "metadata")],
  ["no stat", { fault: "no_stat" }, (got) => assert.notProperty(json(got), "stat")],
  ...([
    ["missing", undefined],
    ["null", null],
    ["same", 4],
    ["smaller", 3],
    ["negative", -100],
    ["string", "8"],
    ["float", 8.5],
    ["huge", 2 ** 31],
    ["repeated", 8],
    ["empty_string", ""]
  ] as const).map(([to, value]) =>
    [
      `next_offset: ${to}`,
      { fault: "next_offset", to },
      (got: Got) => assert.strictEqual(nextOffset(got), value)
    ] as const
  ),
  [
    "a wrong total",
    { fault: "total_objects", add: -1 },
    (got) => assert.strictEqual(json(got).metadata?.total_objects, 9)
  ],
  [
    "a total that is text",
    { fault: "total_objects", json: `"10"` },
    (got) => assert.strictEqual(json(got).metadata?.total_objects, "10")
  ],
  ["an extra field", { fault: "field", name: "zz", json: "1e400" }, (got) => assert.include(text(got), `"zz": 1e400`)],
  [
    "a field of another type",
    { fault: "field", name: "phones", json: `"none"`, user: 0 },
    (got) => assert.strictEqual(first(got)["phones"], "none")
  ],
  [
    "half a surrogate",
    { fault: "field", name: "username", json: `"\\ud800"` },
    (got) => assert.strictEqual(first(got)["username"], "\ud800")
  ],
  [
    "a __proto__",
    { fault: "field", name: "__proto__", json: `{"a": 1}` },
    (got) => assert.include(text(got), `{"__proto__": {"a": 1}, `)
  ],
  ["a missing field", { fault: "field", name: "user_id" }, (got) => assert.notProperty(first(got), "user_id")],
  [
    "a byte order mark",
    { fault: "bom" },
    (got) => assert.strictEqual(got.bytes.subarray(0, 3).toString("hex"), "efbbbf")
  ],
  [
    "bytes that are not UTF-8",
    { fault: "invalid_utf8" },
    (got) => assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(got.bytes))
  ],
  ["a body shorter than its length", { fault: "truncated", how: "length", keep: 10 }, (got) => {
    assert.deepStrictEqual([got.bytes.length, got.failure], [10, "aborted"])
  }],
  [
    "an empty body",
    { fault: "truncated", how: "length", keep: 0 },
    (got) => assert.deepStrictEqual([got.status, got.bytes.length, got.failure], [200, 0, "aborted"])
  ],
  ["a chunk that is the last but does not say so", { fault: "truncated", how: "chunked" }, (got) => {
    assert.strictEqual(got.headers["transfer-encoding"], "chunked")
    assert.strictEqual(got.failure, "aborted")
  }],
  ["gzip that stops", { fault: "truncated", how: "gzip" }, (got) => {
    assert.isUndefined(got.failure)
    assert.throws(() => text(got), /unexpected end of file/)
  }],
  ["a reset before the headers", { fault: "reset", at: "start" }, (got) => {
    assert.strictEqual(got.status, 0)
    assert.match(got.failure ?? "", /ECONNRESET|socket hang up/)
  }],
  ["a reset among the headers", { fault: "reset", at: "headers" }, (got) => {
    assert.strictEqual(got.status, 0)
    assert.match(got.failure ?? "", /ECONNRESET|socket hang up/)
  }],
  ["a reset in the body", { fault: "reset", at: "body" }, (got) => assert.isDefined(got.failure)],
  ["a body of two MiB more", { fault: "oversized", mib: 2 }, (got) => {
    assert.isTrue(got.bytes.length > 2 * 1024 * 1024)
    assert.strictEqual(json(got).stat, "OK")
  }],
  [
    "a body of two MiB more that says so",
    { fault: "oversized", mib: 2, how: "length" },
    (got) => assert.strictEqual(got.headers["content-length"], String(got.bytes.length))
  ],
  ["a body of two MiB more out of a few KiB of gzip", { fault: "oversized", mib: 2, how: "gzip" }, (got) => {
    assert.isTrue(got.bytes.length < 64 * 1024 && text(got).length > 2 * 1024 * 1024)
    assert.strictEqual(json(got).stat, "OK")
  }],
  ["one byte at a time", { fault: "one_byte" }, (got) => assert.strictEqual(json(got).response?.length, 4)]
]

describe("a fault", () => {
  for (const [does, fault, check] of cases) {
    it.effect(`${fault.fault}: ${does}`, () => under(fault, check))
  }

  it("every one is in this file or in late-answers.test.ts", () => {
    const late = ["silence", "slow"]
    const here: Array<string> = cases.map(([, { fault }]) => fault)
    assert.deepStrictEqual(Array.from(new Set([...here, ...late])).sort(), [...faultNames].sort())
  })

  it.effect("never hides a wrong signature", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ scenario: [{ do: { fault: "html" } }] })
      assert.strictEqual(json(yield* ask(emulator, { skey: "wrong" })).code, 40103)
      assert.deepStrictEqual(emulator.reached, {})
    }))
})
