/** The signature, checked with the test vectors of Duo's own clients (`duo-sign-vectors.json`). */
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Schema } from "effect"
import { createHash, createHmac } from "node:crypto"
import { readFileSync } from "node:fs"
import {
  authorization,
  canonicalize,
  canonicalParams,
  encode,
  headersHash,
  sign
} from "../../../src/duo/http/Signature.ts"

const Scalar = Schema.Union([Schema.String, Schema.Boolean, Schema.Int])
const Params = Schema.Record(Schema.String, Schema.Array(Scalar))
const Headers = Schema.Record(Schema.String, Schema.String)
const Request = Schema.Struct({
  method: Schema.String,
  host: Schema.String,
  path: Schema.String,
  params: Params,
  date: Schema.optionalKey(Schema.String),
  body: Schema.optionalKey(Schema.String),
  headers: Schema.optionalKey(Headers)
})
const named = <const Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.Array(Schema.Struct({ name: Schema.String, ...fields }))

const Vectors = Schema.Struct({
  canon_params: named({ params: Params, expected: Schema.String }),
  ambiguous_cases: named({ params: Params, csharp_expected: Schema.String, python_rule_result: Schema.String }),
  body_sha512: named({ body: Schema.String, sha512: Schema.String }),
  x_duo_headers_sha512: named({ headers: Headers, joined: Schema.String, sha512: Schema.String }),
  x_duo_headers_rejected: Schema.Struct({
    cases: Schema.Array(Schema.Struct({
      headers: Schema.Array(Schema.Array(Schema.NullOr(Schema.String))),
      error: Schema.String
    }))
  }),
  negative_sample: Schema.Struct({ sha1_hex: Schema.String }),
  wire_form: Schema.Array(Schema.Struct({ request: Schema.String, uri: Schema.optionalKey(Schema.String) })),
  canonicalize: named({ sig_version: Schema.Int, request: Request, expected: Schema.String }),
  sign: named({
    sig_version: Schema.Int,
    digest: Schema.Literals(["sha1", "sha512"]),
    ikey: Schema.String,
    skey: Schema.String,
    request: Request,
    canonical: Schema.String,
    expected_signature_hex: Schema.String,
    expected_authorization: Schema.String
  })
})

const vectors = Schema.decodeSync(Schema.fromJsonString(Vectors))(
  readFileSync(new URL("./duo-sign-vectors.json", import.meta.url), "utf8")
)

type Request = typeof Request.Type

const strings = (params: Request["params"]) =>
  Object.fromEntries(Object.entries(params).map(([name, values]) => [name, values.map(String)]))

const sha512 = (text: string) => createHash("sha512").update(text).digest("hex")

const signable = (request: Request) => ({
  method: request.method,
  host: request.host,
  path: request.path,
  params: strings(request.params),
  date: request.date ?? "",
  body: request.body ?? "",
  headers: Object.entries(request.headers ?? {})
})

/** The canonical string of versions, and of requests, that duo-mfa does not sign, from the same parts. */
const composed = (version: number, request: Request): string => {
  const { body, date, headers, host, method, params, path } = signable(request)
  const lines = [method.toUpperCase(), host.toLowerCase(), path, canonicalParams(params)]
  if (version > 1) lines.unshift(date)
  if (version > 3) lines.push(sha512(body))
  if (version === 5) lines.push(headersHash(headers))
  return lines.join("\n")
}

/** A version 5 POST signs its body and never its parameters. One of Ruby's vectors signs both. */
const ours = (version: number, request: Request): version is 2 | 5 =>
  version === 2 || version === 5 && (request.method.toUpperCase() === "GET" || Object.keys(request.params).length === 0)

const canonical = (version: number, request: Request) =>
  ours(version, request) ? canonicalize(version, signable(request)) : composed(version, request)

describe("the parameters line is Duo's", () => {
  for (const { expected, name, params } of vectors.canon_params) {
    it(name, () => assert.strictEqual(canonicalParams(strings(params)), expected))
  }
  for (const { csharp_expected, name, params, python_rule_result } of vectors.ambiguous_cases) {
    it(`${name}: the clients differ, and this is as in Python`, () => {
      assert.strictEqual(canonicalParams(strings(params)), python_rule_result)
      assert.notStrictEqual(canonicalParams(strings(params)), csharp_expected)
    })
  }
  for (const { request, uri } of vectors.wire_form) {
    if (uri === undefined || !request.startsWith("GET")) continue
    it(`${request}: any order and a bare ? on the wire sign the same sorted line`, () => {
      const sent = Object.fromEntries(new URLSearchParams(uri.split("?")[1] ?? ""))
      assert.strictEqual(canonicalParams(sent), uri.endsWith("?") ? "" : "bool=true&foo=bar&one=1")
    })
  }
  it.prop("it decodes to the original text, and has only unreserved ASCII characters", [Schema.String], ([text]) => {
    const wellFormed = text.toWellFormed()
    assert.strictEqual(decodeURIComponent(encode(wellFormed)), wellFormed)
    assert.match(encode(wellFormed), /^(?:[A-Za-z0-9\-_.~]|%[0-9A-F]{2})*$/)
  })
  it.prop("the order of the parameters does not matter", [Schema.Record(Schema.String, Schema.String)], ([params]) => {
    const reversed = Object.fromEntries(Object.entries(params).reverse())
    assert.strictEqual(canonicalParams(reversed), canonicalParams(params))
  })
})

describe("the last two lines of version 5 are Duo's", () => {
  for (const { body, name, sha512: expected } of vectors.body_sha512) {
    it(`body: ${name}`, () => {
      const lines = canonicalize(5, { method: "POST", host: "h", path: "/", params: {}, date: "d", body }).split("\n")
      assert.strictEqual(lines.at(-2), expected)
    })
  }
  for (const { headers, joined, name, sha512: expected } of vectors.x_duo_headers_sha512) {
    it(`headers: ${name}`, () => {
      assert.strictEqual(headersHash(Object.entries(headers)), expected)
      assert.strictEqual(sha512(joined), expected)
    })
  }
  for (const { error, headers } of vectors.x_duo_headers_rejected.cases) {
    it(`refused: ${JSON.stringify(headers)} (${error})`, () => {
      assert.throws(() => headersHash(headers as ReadonlyArray<readonly [string, string]>))
    })
  }
  it("a GET signs an empty body, even if it has one", () => {
    const get = { method: "GET", host: "h", path: "/", params: {}, date: "d" }
    assert.strictEqual(canonicalize(5, { ...get, body: "{}" }), canonicalize(5, get))
  })
})

describe("the canonical string is Duo's", () => {
  for (const { expected, name, request, sig_version } of vectors.canonicalize) {
    it(name, () => assert.strictEqual(canonical(sig_version, request), expected))
  }
  it("ends without a newline, and keeps an empty line for no parameters", () => {
    const text = canonicalize(2, {
      method: "get",
      host: "API-X.duosecurity.com:443",
      path: "/p",
      params: {},
      date: "d"
    })
    assert.strictEqual(text, "d\nGET\napi-x.duosecurity.com\n/p\n")
  })
})

describe("the signature is Duo's", () => {
  for (
    const { digest, expected_authorization, expected_signature_hex, ikey, name, request, skey, ...rest } of vectors.sign
  ) {
    it(name, () => {
      const { canonical: expected, sig_version: version } = rest
      assert.strictEqual(canonical(version, request), expected)
      assert.strictEqual(createHmac(digest, skey).update(expected).digest("hex"), expected_signature_hex)
      if (!ours(version, request)) return
      const scheme = { version, digest }
      assert.strictEqual(sign(scheme, Redacted.make(skey), signable(request)), expected_signature_hex)
      assert.strictEqual(
        authorization(scheme, ikey, Redacted.make(skey), signable(request)),
        expected_authorization
      )
    })
  }
  it("is not the one of Duo's old documentation, which did not change the host to lower case", () => {
    const sample = vectors.sign.find(({ name }) => name === "docs_v2_sha1_accounts")
    assert.isDefined(sample)
    const upper = sample.canonical.replace("api-xxxxxxxx", "api-XXXXXXXX")
    const users = (text: string) => text.replace("/accounts/v1/account/list", "/admin/v1/users")
    const old = createHmac("sha1", sample.skey).update(users(upper)).digest("hex")
    assert.strictEqual(old, vectors.negative_sample.sha1_hex)
    const request = { ...signable(sample.request), path: "/admin/v1/users" }
    const now = sign({ version: 2, digest: "sha1" }, Redacted.make(sample.skey), request)
    assert.notStrictEqual(now, old)
    assert.strictEqual(now, "c1ef43767c3eb3b3258dbddca6f8d0941e085b92")
  })
})
