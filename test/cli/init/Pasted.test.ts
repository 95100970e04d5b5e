/** The settings that people paste, with what often comes along with them. */
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import * as Pasted from "../../../src/cli/init/Pasted.ts"

describe("what people paste", () => {
  const host = (text: string) => Result.getOrUndefined(Pasted.host(text, false))

  it("is a host also with a scheme, a path, a port, blanks and quotes around it", () => {
    for (
      const text of [
        "api-12345678.duosecurity.com",
        " API-12345678.duosecurity.com\n",
        "https://api-12345678.duosecurity.com/",
        "\"https://api-12345678.duosecurity.com:443/admin/v1/users?limit=1\"",
        "\u200bapi-12345678.duosecurity.com\u00a0"
      ]
    ) assert.strictEqual(host(text), "api-12345678.duosecurity.com", text)
  })

  it("is no host if it is another one's", () => {
    for (
      const text of [
        "https://api-12345678.duosecurity.com@example.com/",
        "https://example.com/api-12345678.duosecurity.com",
        "api-12345678.duosecurity.com.example.com",
        "api-12345678.duosecurity.com:8443",
        "127.0.0.1:38600",
        ""
      ]
    ) assert.isUndefined(host(text), text)
  })

  it("is a key without what is around it", () => {
    const ikey = "DI0123456789ABCDEFGH"
    const skey = "CANARYcanaryCANARYcanaryCANARYcanary1234"
    assert.deepStrictEqual(Pasted.ikey(` "${ikey}"\n`), Result.succeed(ikey))
    assert.deepStrictEqual(Result.map(Pasted.skey(` '${skey}' `), Redacted.value), Result.succeed(skey))
    assert.isTrue(Result.isFailure(Pasted.ikey(skey)))
    assert.isTrue(Result.isFailure(Pasted.skey(ikey)))
    assert.isTrue(Result.isFailure(Pasted.ikey(ikey.slice(1))))
    assert.isTrue(Result.isFailure(Pasted.skey(skey.slice(1))))
  })
})
