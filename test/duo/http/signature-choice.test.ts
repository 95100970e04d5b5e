/** Which signature a client uses with `DUO_SIGNATURE=auto`: it tries, and keeps the one that Duo accepts. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../../src/duo/http/Client.ts"
import { fail, fake, ikey, ok, type Sent } from "../../support/servers/duo-fake.ts"

/** How a request was signed, by the length of its signature. */
const signedWith = ({ headers }: Sent) => {
  const credentials = Buffer.from((headers["authorization"] ?? "").replace("Basic ", ""), "base64").toString()
  return credentials.length - ikey.length - 1 === 40 ? "v2-sha1" : "sha512"
}

describe("DUO_SIGNATURE=auto", () => {
  const auto = { DUO_SIGNATURE: "auto" }
  const run = (answer: (sent: Sent, count: number) => Response, calls: number, env = auto) => {
    const duo = fake(answer, env)
    return Effect.gen(function*() {
      const client = yield* Client
      const results = yield* Effect.all(
        Array.from({ length: calls }, () => Effect.result(client.call("/admin/v1/users", {})))
      )
      return { tried: duo.sent.map(signedWith), results, signature: yield* client.signature }
    }).pipe(Effect.provide(duo.layer))
  }
  const onlySha1 = (sent: Sent) => signedWith(sent) === "v2-sha1" ? ok([]) : fail(40103)

  it.effect("keeps v5-sha512 if that is accepted, and never tries another", () =>
    Effect.map(run((_, count) => count === 1 ? ok([]) : fail(40103), 3), ({ signature, tried }) => {
      assert.deepStrictEqual(tried, ["sha512", "sha512", "sha512"])
      assert.strictEqual(signature, "v5-sha512")
    }))

  it.effect("keeps v2-sha1 if only that is accepted", () =>
    Effect.map(run(onlySha1, 3), ({ results, signature, tried }) => {
      assert.deepStrictEqual(tried, ["sha512", "v2-sha1", "v2-sha1", "v2-sha1"])
      assert.strictEqual(signature, "v2-sha1")
      assert.deepStrictEqual(results.map(({ _tag }) => _tag), ["Success", "Success", "Success"])
    }))

  it.effect("tries v2-sha1 once if the first call is refused with 401 and code 40112, and never later", () =>
    Effect.gen(function*() {
      const first = yield* run((sent) => signedWith(sent) === "v2-sha1" ? ok([]) : fail(40112), 2)
      assert.deepStrictEqual(first.tried, ["sha512", "v2-sha1", "v2-sha1"])
      assert.deepStrictEqual(first.results.map(({ _tag }) => _tag), ["Success", "Success"])
      const both = yield* run(() => fail(40112), 2)
      assert.deepStrictEqual(both.tried, ["sha512", "v2-sha1", "sha512"])
      const later = yield* run((_, count) => count === 1 ? ok([]) : fail(40112), 2)
      assert.deepStrictEqual(later.tried, ["sha512", "sha512"])
    }))

  it.effect("tries v2-sha1 after a 401 without a code of Duo's as well", () =>
    Effect.map(
      run((sent) => signedWith(sent) === "v2-sha1" ? ok([]) : new Response("", { status: 401 }), 1),
      ({ tried }) => assert.deepStrictEqual(tried, ["sha512", "v2-sha1"])
    ))

  it.effect("keeps the signature after a 403, because Duo checks permissions after the signature", () =>
    Effect.map(
      run((sent) => signedWith(sent) === "v2-sha1" ? fail(40301) : fail(40103), 2),
      ({ results, signature, tried }) => {
        assert.deepStrictEqual(tried, ["sha512", "v2-sha1", "v2-sha1"])
        assert.strictEqual(signature, "v2-sha1")
        assert.isTrue(
          results.every((result) => result._tag === "Failure" && result.failure.reason._tag === "Forbidden")
        )
      }
    ))

  it.effect("learns nothing from a 404, because a server may check the path before the signature", () =>
    Effect.map(
      run((sent, count) => count === 1 ? fail(40401) : onlySha1(sent), 2),
      ({ signature, tried }) => {
        assert.deepStrictEqual(tried, ["sha512", "sha512", "v2-sha1"])
        assert.strictEqual(signature, "v2-sha1")
      }
    ))

  it.effect("reports the first refusal if both are refused, and tries the other only once", () =>
    Effect.map(
      run((sent, count) => fail(signedWith(sent) === "v2-sha1" ? 40102 : 40103, {}, `refusal ${count}`), 2),
      ({ results, tried }) => {
        assert.deepStrictEqual(tried, ["sha512", "v2-sha1", "sha512"])
        assert.include(results[0]?._tag === "Failure" ? results[0].failure.message : "", "40103 \"refusal 1\"")
      }
    ))

  it.effect("does not try another signature if the key is unknown", () =>
    Effect.map(run(() => fail(40102), 1), ({ tried }) => assert.deepStrictEqual(tried, ["sha512"])))

  it.effect("is not used if a signature is set", () =>
    Effect.map(
      run(onlySha1, 1, { DUO_SIGNATURE: "v2-sha512" }),
      ({ tried }) => assert.deepStrictEqual(tried, ["sha512"])
    ))
})
