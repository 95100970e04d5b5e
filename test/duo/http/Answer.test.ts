/** The meaning of each answer: its reason, its exit code and its message, which never has a person's data or a key. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Runtime } from "effect"
import type { DuoError } from "../../../src/duo/DuoError.ts"
import { Client } from "../../../src/duo/http/Client.ts"
import { sanitise } from "../../../src/text/ForeignText.ts"
import { broken, canaries, fail, fake, host, json, ok, withoutWaiting } from "../../support/servers/duo-fake.ts"

const ask = (answer: () => Response | Effect.Effect<Response, unknown>) => {
  const { layer, sent } = fake(answer)
  return Effect.gen(function*() {
    const client = yield* Client
    const error = yield* Effect.flip(client.call("/admin/v1/users", { limit: "1" }))
    return { error, requests: sent.length }
  }).pipe(Effect.provide(layer))
}

const html = (status: number) => () =>
  new Response("<html>canary@example.com</html>", { status, headers: { "content-type": "text/html" } })
const redirect = (location: string) => () => new Response(null, { status: 302, headers: { location } })
const text = (body: string | Uint8Array<ArrayBuffer>) => () => new Response(body)

/** Answers that fail at once, because a retry would have the same answer. */
const final: ReadonlyArray<
  readonly [
    what: string,
    answer: () => Response | Effect.Effect<Response, unknown>,
    reason: DuoError["reason"]["_tag"],
    exit: number,
    says: string
  ]
> = [
  ["an expired certificate", () => broken("CERT_HAS_EXPIRED"), "Tls", 69, "cannot be trusted: CERT_HAS_EXPIRED"],
  ["a certificate of another host", () => broken("ERR_TLS_CERT_ALTNAME_INVALID"), "Tls", 69, "NODE_EXTRA_CA_CERTS"],
  ["a self-signed certificate", () => broken("SELF_SIGNED_CERT_IN_CHAIN"), "Tls", 69, "SELF_SIGNED_CERT_IN_CHAIN"],
  ["an old TLS", () => broken("ERR_SSL_UNSUPPORTED_PROTOCOL"), "Tls", 69, "ERR_SSL_UNSUPPORTED_PROTOCOL"],
  [
    "a proxy that wants credentials",
    () =>
      Effect.fail(
        new TypeError("fetch failed", { cause: new Error("Proxy response (407) !== 200 when HTTP Tunneling") })
      ),
    "NotDuo",
    69,
    "the proxy answered HTTP 407"
  ],
  ["HTML", html(200), "NotDuo", 69, "a page of HTML instead of JSON"],
  ["HTML with a 403", html(403), "NotDuo", 69, "HTTP 403 with a page of HTML"],
  ["nothing", text(""), "NotDuo", 69, "an empty answer"],
  ["an empty 204", () => new Response(null, { status: 204 }), "NotDuo", 69, "HTTP 204"],
  [
    "a redirect",
    redirect("https://portal.example.com/login?canary@example.com"),
    "NotDuo",
    69,
    "a redirect to portal.example.com (HTTP 302), which is never followed"
  ],
  ["a redirect to Duo itself", redirect(`https://${host}/`), "NotDuo", 69, `a redirect to ${host}`],
  ["JSON that is not an object", text("[1]"), "NotDuo", 69, "something instead of JSON"],
  ["JSON without stat", text("{\"response\": []}"), "NotDuo", 69, "without Duo's stat"],
  ["an unknown stat", text("{\"stat\": \"MAYBE\"}"), "NotDuo", 69, "a stat that Duo does not use"],
  ["OK without a response", text("{\"stat\": \"OK\"}"), "UnreadableAnswer", 65, "response is missing"],
  ["malformed JSON", text("{\"stat\": canary@example.com}"), "NotJson", 65, "is not JSON"],
  ["malformed JSON with an escaped quote", text(String.raw`{"stat": "\"", b}`), "NotJson", 65, "is not JSON"],
  ["a byte order mark", text("\uFEFF{\"stat\": \"OK\"}"), "NotUtf8", 65, "byte order mark"],
  ["bytes that are not UTF-8", text(new Uint8Array([0x7b, 0xc3, 0x28, 0x7d])), "NotUtf8", 65, "not UTF-8"],
  ["40101", () => fail(40101), "Unauthorized", 77, "Check DUO_IKEY, DUO_SKEY and DUO_HOST"],
  ["40102", () => fail(40102), "Unauthorized", 77, "The host does not know this integration key"],
  ["40103", () => fail(40103), "Unauthorized", 77, "40103 \"canned\". Check DUO_SKEY"],
  ["a 401 without Duo", html(401), "Unauthorized", 77, "HTTP 401"],
  ["40301", () => fail(40301), "Forbidden", 77, "tick \"Grant read resource\""],
  ["40002", () => fail(40002), "BadRequest", 77, "--page-size"],
  ["40401", () => fail(40401), "NotFound", 77, "does not offer /admin/v1/users"],
  ["40501", () => fail(40501), "MethodNotAllowed", 77, "does not offer"],
  ["a teapot", () => fail(41801), "Refused", 77, "41801"],
  ["FAIL with a 200", () => json({ stat: "FAIL", code: 40301, message: "no" }), "Forbidden", 77, "40301 \"no\""],
  ["FAIL without a code", () => json({ stat: "FAIL", code: "", message: "no" }), "Refused", 77, "HTTP 200 \"no\""]
]

/** Answers that are retried until the retries of one page are spent. */
const passing: typeof final = [
  ["a name that does not resolve", () => broken("ENOTFOUND"), "Transport", 69, "There is no host"],
  ["nobody listening", () => broken("ECONNREFUSED"), "Transport", 69, `(6 attempts): ${host}: ECONNREFUSED`],
  ["a reset", () => broken("ECONNRESET"), "Transport", 69, "ECONNRESET"],
  ["50001", () => fail(50001), "ServerError", 69, "50001 \"canned\""],
  ["a gateway's 502", html(502), "ServerError", 69, "HTTP 502"],
  ["FAIL 50001 with a 200", () => json({ stat: "FAIL", code: 50001 }), "ServerError", 69, "50001"],
  ["JSON that ends early", text("{\"stat\": \"OK\", \"response\": [{}"), "Truncated", 69, "ended before it was whole"],
  ["JSON that ends in a string", text("{\"stat\": \"O\\\""), "Truncated", 69, "ended before it was whole"],
  ["a character cut in half", text(new Uint8Array([0x7b, 0xc3])), "Truncated", 69, "ended before it was whole"],
  [
    "gzip that ends before the first byte",
    () => new Response("", { headers: { "content-encoding": "gzip" } }),
    "Truncated",
    69,
    "ended before it was whole"
  ],
  ["429", () => fail(42901), "BudgetSpent", 75, "attempts). Run again later"],
  ["FAIL 42901 with a 200", () => json({ stat: "FAIL", code: 42901 }), "BudgetSpent", 75, "slow down"]
]

const hold = (error: DuoError, reason: string, exit: number, says: string) => {
  assert.strictEqual(error.reason._tag, reason, error.message)
  assert.strictEqual(error[Runtime.errorExitCode], exit)
  assert.include(error.message, says)
  assert.isAtMost(error.message.split("\n").length, 2)
  for (const canary of canaries) assert.notInclude(error.message + JSON.stringify(error), canary)
}

describe("An answer that is final", () => {
  for (const [what, answer, reason, exit, says] of final) {
    it.effect(`${what}: ${reason}, exit ${exit}, one request`, () =>
      Effect.map(ask(answer), ({ error, requests }) => {
        hold(error, reason, exit, says)
        assert.strictEqual(requests, 1)
      }))
  }
})

describe("An answer that may pass", () => {
  for (const [what, answer, reason, exit, says] of passing) {
    it.effect(`${what}: ${reason}, exit ${exit}`, () =>
      Effect.map(ask(answer).pipe(withoutWaiting), ({ error, requests }) => {
        hold(error, reason, exit, says)
        // only the retry budget limits how often a 429 is retried
        if (reason !== "BudgetSpent") assert.strictEqual(requests, 6)
        assert.strictEqual(error.attempts, requests)
      }))
  }
})

describe("An answer of any shape", () => {
  it.effect("may have a field `__proto__` and 200,000 levels", () =>
    Effect.gen(function*() {
      const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`
      const { layer } = fake(() => new Response(`{"stat": "OK", "response": ${deep}, "__proto__": {"stat": "FAIL"}}`))
      const { response } = yield* Client.use((client) => client.call("/admin/v1/users", {})).pipe(Effect.provide(layer))
      assert.isArray(response)
    }))

  it.effect("may have every character, escaped or not", () =>
    Effect.gen(function*() {
      const names = ["😀", "\u0000", "\uFFFD", "e\u0301", "\\ud83d"]
      const { layer } = fake(() => ok(names))
      const { response } = yield* Client.use((client) => client.call("/admin/v1/users", {})).pipe(Effect.provide(layer))
      assert.deepStrictEqual(response, names)
    }))
})

describe("The clock", () => {
  const at = (seconds: number) => ask(() => fail(40103, { date: new Date(seconds * 1000).toUTCString() }))
  const cases: ReadonlyArray<readonly [server: number, says: string]> = [
    [361, "clock is 361 s behind Duo's: set it (NTP)"],
    [-3600, "clock is 3600 s ahead of Duo's"],
    [20, "Check DUO_SKEY"],
    [1_700_000_000, "clock is 1700000000 s behind Duo's"]
  ]
  for (const [server, says] of cases) {
    it.effect(`is in the message if it is the cause of a 401: ${server} s`, () =>
      Effect.map(at(server), ({ error }) => assert.include(error.message, says)))
  }
})

describe("Duo's own words", () => {
  it("lose control characters, changes of the reading direction and possible credentials, and end at 200 characters", () => {
    assert.strictEqual(sanitise("\u001b[31mred\u0007\r\n\u202Edetrever\u2066"), "[31mred detrever")
    assert.strictEqual(sanitise(`key ${"a1".repeat(20)} refused`), "key … refused")
    assert.strictEqual(sanitise("😀 ".repeat(500)), `${"😀 ".repeat(100)}…`)
  })

  it.effect("are quoted in the message", () =>
    Effect.map(
      ask(() => fail(40301, {}, "\u001b]0;owned\u0007 no\u0000")),
      ({ error }) => assert.include(error.message, "40301 \"]0;owned  no\"")
    ))
})
