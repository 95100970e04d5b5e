/** The settings for Duo: which values are accepted, and the message for each that is not. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Layer, Redacted, Result, Runtime, Schema } from "effect"
import { Credentials } from "../../../src/duo/http/Credentials.ts"
import { parseHost } from "../../../src/duo/http/Host.ts"
import { host, ikey, skey } from "../../support/servers/duo-fake.ts"

const whole = { DUO_IKEY: ikey, DUO_SKEY: skey, DUO_HOST: host }

const account = "DA0123456789ABCDEFGH"

const read = (env: Record<string, string>) =>
  Credentials.pipe(Effect.provide(
    Credentials.layer.pipe(
      Layer.provide(NodeFileSystem.layer),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
    )
  ))

/** The message of the error, which never has a value. */
const refused = (env: Record<string, string>) =>
  Effect.map(Effect.flip(read(env)), (error) => {
    assert.strictEqual(error[Runtime.errorExitCode], 78)
    for (const value of [skey, ikey]) assert.notInclude(error.message, value)
    return error.message
  })

const secretFile = (content: string, mode = 0o600) =>
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    const path = `${yield* fileSystem.makeTempDirectoryScoped()}/skey`
    yield* fileSystem.writeFileString(path, content, { mode })
    yield* fileSystem.chmod(path, mode)
    return path
  }).pipe(Effect.provide(NodeFileSystem.layer))

describe("Credentials", () => {
  it.effect("are read, with the secret key redacted, and defaults for the rest", () =>
    Effect.gen(function*() {
      const credentials = yield* read(whole)
      assert.strictEqual(credentials.host, host)
      assert.strictEqual(credentials.origin, `https://${host}`)
      assert.deepStrictEqual([credentials.signature, credentials.api, credentials.loopback], ["auto", "auto", false])
      assert.deepStrictEqual(credentials.warnings, [])
      assert.isUndefined(credentials.accountId)
      assert.strictEqual(Redacted.value(credentials.skey), skey)
      assert.notInclude(JSON.stringify(credentials) + String(credentials.skey), skey)
    }))

  const sentences: ReadonlyArray<readonly [why: string, env: Record<string, string>, sentence: string]> = [
    ["nothing is set", {}, "Set DUO_IKEY, DUO_SKEY (or DUO_SKEY_FILE), and DUO_HOST."],
    [
      "an empty setting counts as unset",
      { ...whole, DUO_SKEY: "", DUO_HOST: " " },
      "Set DUO_SKEY (or DUO_SKEY_FILE) and DUO_HOST (DUO_IKEY is there)."
    ],
    ["half is set", { DUO_SKEY: skey }, "Set DUO_IKEY and DUO_HOST (DUO_SKEY is there)."],
    [
      "one is missing",
      { DUO_SKEY: skey, DUO_HOST: host },
      "Set DUO_IKEY (DUO_SKEY and DUO_HOST are there)."
    ],
    [
      "the keys are swapped",
      { ...whole, DUO_IKEY: skey, DUO_SKEY: ikey },
      "DUO_IKEY and DUO_SKEY look swapped: the one that starts with DI is DUO_IKEY."
    ],
    [
      "the integration key would break the credentials",
      { ...whole, DUO_IKEY: "DI:1" },
      "DUO_IKEY is not an integration key, which is DI and 18 letters and digits."
    ],
    [
      "the host is a URL",
      { ...whole, DUO_HOST: `https://${host}/` },
      "Set DUO_HOST to the API hostname, api-xxxxxxxx.duosecurity.com or .duofederal.com: the name alone, without https://, port and path."
    ],
    [
      "the host is the Admin Panel",
      { ...whole, DUO_HOST: "admin-12345678.duosecurity.com" },
      "Set DUO_HOST to the API hostname, api-xxxxxxxx.duosecurity.com or .duofederal.com: that is the Admin Panel, the API hostname starts with api-."
    ],
    [
      "the host is loopback, which no setting allows",
      { ...whole, DUO_HOST: "127.0.0.1:8080" },
      "DUO_HOST is this machine, which is allowed (over plain http) only with DUO_INSECURE_LOOPBACK=1."
    ],
    [
      "the signature is unknown",
      { ...whole, DUO_SIGNATURE: "md5" },
      "Set DUO_SIGNATURE to one of auto, v5-sha512, v2-sha512, v2-sha1, or not at all."
    ],
    [
      "the API version is unknown",
      { ...whole, DUO_API: "v3" },
      "Set DUO_API to one of auto, v2, v1, or not at all."
    ],
    [
      "the account is not the id of one",
      { ...whole, DUO_ACCOUNT_ID: "DA0123456789abcdefgh" },
      "DUO_ACCOUNT_ID is not the id of an account, which is DA and 18 letters and digits."
    ],
    [
      "several are missing or wrong",
      { DUO_ACCOUNT_ID: "x", DUO_IKEY: "DI:1", DUO_SKEY_FILE: "/nowhere/skey", DUO_API: "v3" },
      "Set DUO_HOST (DUO_IKEY and DUO_SKEY are there). DUO_SKEY_FILE names a file that does not exist: put the secret key in it, or set DUO_SKEY. DUO_IKEY is not an integration key, which is DI and 18 letters and digits. DUO_ACCOUNT_ID is not the id of an account, which is DA and 18 letters and digits. Set DUO_API to one of auto, v2, v1, or not at all."
    ],
    [
      "the secret file is missing",
      { ...whole, DUO_SKEY_FILE: "/nowhere/skey" },
      "DUO_SKEY_FILE names a file that does not exist: put the secret key in it, or set DUO_SKEY."
    ],
    [
      "the secret file is a directory",
      { ...whole, DUO_SKEY_FILE: "/" },
      "DUO_SKEY_FILE names a file that cannot be read (BadResource): put the secret key in it, or set DUO_SKEY."
    ]
  ]
  for (const [why, env, sentence] of sentences) {
    it.effect(`say what to do if ${why}`, () =>
      Effect.map(refused(env), (message) => assert.strictEqual(message, sentence)))
  }

  it.effect("have the account that the keys are for, if it is set", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* read({ ...whole, DUO_ACCOUNT_ID: ` ${account} ` })).accountId, account)
      assert.isUndefined((yield* read({ ...whole, DUO_ACCOUNT_ID: "" })).accountId)
    }))

  it.effect("prefer the secret key of a file, without the last newline", () =>
    Effect.gen(function*() {
      const path = yield* secretFile(`${skey}\n`)
      const credentials = yield* read({ ...whole, DUO_SKEY: "another", DUO_SKEY_FILE: path })
      assert.strictEqual(Redacted.value(credentials.skey), skey)
      assert.deepStrictEqual(credentials.warnings, [])
    }))

  it.effect("refuse an empty secret file, and do not fall back to DUO_SKEY", () =>
    Effect.gen(function*() {
      const path = yield* secretFile("\n")
      assert.include(yield* refused({ ...whole, DUO_SKEY_FILE: path }), "DUO_SKEY_FILE names a file that is empty")
    }))

  it.effect("warn of values that look wrong and may still work", () =>
    Effect.gen(function*() {
      const path = yield* secretFile("short", 0o644)
      const { warnings } = yield* read({ DUO_IKEY: "XX1", DUO_HOST: host, DUO_SKEY_FILE: path })
      assert.deepStrictEqual(warnings, [
        "Others may read the file of DUO_SKEY_FILE: chmod 600 it.",
        "DUO_IKEY does not look like an integration key (DI and 18 letters and digits).",
        "DUO_SKEY does not have the 40 characters of a secret key."
      ])
    }))
})

describe("The host", () => {
  const accepted: ReadonlyArray<readonly [name: string, origin: string]> = [
    ["API-12345678.DuoSecurity.com", "https://api-12345678.duosecurity.com"],
    ["api-abcdef01.duofederal.com", "https://api-abcdef01.duofederal.com"],
    ["127.0.0.1", "http://127.0.0.1"],
    ["127.255.255.254:65535", "http://127.255.255.254:65535"],
    ["localhost:8080", "http://localhost:8080"],
    ["::1", "http://[::1]"],
    ["[::1]:8080", "http://[::1]:8080"]
  ]
  for (const [name, origin] of accepted) {
    it(`may be ${name}`, () => assert.strictEqual(Result.getOrThrow(parseHost(name, true)).origin, origin))
  }

  for (
    const name of [
      "example.com",
      "api-12345678.duosecurity.com.example.com",
      "api-12345678.duosecurity.com:443",
      "api-.duosecurity.com",
      "api-1.2.duosecurity.com",
      "xapi-12345678.duosecurity.com",
      "api-12345678.duosecurity.com\n",
      "user@127.0.0.1",
      "127.0.0.1:99999",
      "127.0.0.256",
      "128.0.0.1",
      "127.0.0.1.example.com",
      "localhost.example.com",
      "127.0.0.1/admin",
      "0.0.0.0",
      "[::1]:",
      "::2"
    ]
  ) {
    it(`is never ${JSON.stringify(name)}`, () => assert.isTrue(Result.isFailure(parseHost(name, true))))
  }

  it.effect.prop("is one of Duo's or this machine, for any text", [Schema.String], ([text]) =>
    Effect.sync(() => {
      const parsed = parseHost(text, true)
      if (Result.isSuccess(parsed)) {
        const { hostname, protocol } = new URL(parsed.success.origin)
        assert.match(hostname, /\.(duosecurity|duofederal)\.com$|^127\.|^localhost$|^\[::1\]$/)
        assert.strictEqual(protocol, parsed.success.loopback ? "http:" : "https:")
      }
    }))
})
