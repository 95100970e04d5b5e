/** A record has the answers of a run that failed, and its replay fails in the same way. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Logger, Runtime } from "effect"
import { globSync, readFileSync, rmSync } from "node:fs"
import mfa from "../../../pipelines/mfa.ts"
import * as Duo from "../../../src/duo/Duo.ts"
import { Client } from "../../../src/duo/http/Client.ts"
import { Exchange } from "../../../src/duo/http/Exchange.ts"
import * as Recorder from "../../../src/duo/record/Recorder.ts"
import { Recording } from "../../../src/duo/record/Recording.ts"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import * as Run from "../../../src/run/Run.ts"
import { inFolder, settings } from "../../support/processes/program.ts"
import {
  broken,
  canaries,
  fail,
  fake,
  host,
  ok,
  settings as fakeSettings,
  skey,
  withoutWaiting
} from "../../support/servers/duo-fake.ts"

/** A run without sinks: how it ended, and what it logged. */
const run = Effect.fnUntraced(function*(recording: Recording, env: Readonly<Record<string, string>>, pageSize = 20) {
  const logged: Array<string> = []
  const logger = Logger.make<unknown, void>(({ message }) => {
    logged.push(String(message))
  })
  const ended = yield* Run.dryRun(mfa, { toolVersion: "test", pageSize, concurrency: 1 }).pipe(
    Effect.map(({ outcome }) => ({ code: 0, message: "", outcome })),
    Effect.catch((error) =>
      Effect.succeed({ code: error[Runtime.errorExitCode], message: error.message, outcome: undefined })
    ),
    Effect.provideService(Recording, recording),
    Effect.provide(Layer.mergeAll(
      NodeServices.layer,
      ConfigProvider.layer(ConfigProvider.fromEnv({ env })),
      Logger.layer([logger])
    ))
  )
  return { ...ended, logged }
})

const everything = (directory: string) =>
  globSync(`${directory}/*`).map((file) => readFileSync(file, "utf8")).join("\n")

const failing: ReadonlyArray<readonly [name: string, options: Options, code: number]> = [
  ["a refused key", { signatures: [] }, 77],
  ["a key that was changed meanwhile", { scenario: [{ when: { page: 3 }, do: { fault: "key_rotated" } }] }, 77],
  ["no permission", { permissions: [] }, 77],
  ["neither version of the endpoint", { apis: [] }, 77],
  ["a clock that is wrong", { clockSkew: 900 }, 77],
  ["a page of HTML", { scenario: [{ when: { page: 3 }, do: { fault: "html", http: 200 } }] }, 69],
  ["HTML for a refusal", { scenario: [{ when: { page: 3 }, do: { fault: "html", http: 403 } }] }, 69],
  ["nothing", { scenario: [{ when: { page: 3 }, do: { fault: "empty", http: 200 } }] }, 69],
  ["a redirect", { scenario: [{ when: { page: 2 }, do: { fault: "redirect", to: "https://example.com/?x=1" } }] }, 69],
  ["a byte order mark", { scenario: [{ when: { page: 2 }, do: { fault: "bom" } }] }, 65],
  ["bytes that are no text", { scenario: [{ when: { page: 2 }, do: { fault: "invalid_utf8" } }] }, 65],
  ["too much", { scenario: [{ when: { page: 2 }, do: { fault: "oversized", mib: 33 } }] }, 65],
  ["a user without an id", { scenario: [{ when: { page: 3 }, do: { fault: "field", name: "user_id" } }] }, 65],
  ["a time that is none", {
    scenario: [{ when: { page: 3 }, do: { fault: "field", name: "created", json: `"soon"` } }]
  }, 65],
  ["a number that is too large", {
    scenario: [{ when: { page: 3 }, do: { fault: "field", name: "user_id", json: "9007199254740993" } }]
  }, 65],
  ["half a surrogate pair in an id", {
    scenario: [{ when: { page: 3 }, do: { fault: "field", name: "user_id", json: `"\\ud800"` } }]
  }, 65],
  ["half a surrogate pair in a name, which is not a failure", {
    scenario: [{ when: { page: 3 }, do: { fault: "field", name: "realname", json: `"\\ud800"` } }]
  }, 0],
  ["no metadata", { scenario: [{ when: { page: 2 }, do: { fault: "no_metadata" } }] }, 65],
  ["pages that go back", { scenario: [{ when: { page: 2 }, do: { fault: "next_offset", to: "same" } }] }, 65],
  ["an unknown status, which is not a failure", {
    scenario: [{ when: { page: 2 }, do: { fault: "field", name: "status", json: `"on leave"` } }]
  }, 0],
  ["an unknown field, which is none either", {
    scenario: [{ when: { page: 2 }, do: { fault: "field", name: "shoe_size", json: `{"eu": 42}` } }]
  }, 0]
]

describe("A replay", () => {
  for (const [name, options, code] of failing) {
    it.live(`ends as the run ended, even with pseudonyms: ${name}`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        for (const pseudonymise of [false, true]) {
          const duo = yield* serve({ people: "hostile", users: 100, ...options })
          const directory = `${folder}/${pseudonymise ? "hidden" : "plain"}`
          const first = yield* run({ record: { directory, pseudonymise } }, settings(duo))
          assert.strictEqual(first.code, code, first.message)
          for (const { do: { fault } } of options.scenario ?? []) assert.isAbove(duo.reached[fault] ?? 0, 0, fault)
          const asked = duo.requests.length
          const again = yield* run({ replay: directory }, {}, 500)
          assert.strictEqual(duo.requests.length, asked)
          // with pseudonyms, the tenant and the target of a redirect are different
          const known = ({ message, outcome, ...rest }: typeof first) => ({
            ...rest,
            message: pseudonymise ? message.replace(/a redirect to \S+/, "a redirect") : message,
            outcome: pseudonymise ? { ...outcome, tenant: undefined } : outcome
          })
          assert.deepStrictEqual(known(again), known(first))
          const record = everything(directory)
          for (const secret of [duo.ikey, duo.skey, ...pseudonymise ? [duo.host] : []]) {
            assert.notInclude(record, secret)
          }
        }
      })))
  }
})

describe("A recorder", () => {
  /** Calls once through a recorder, and once from the record that it wrote. */
  const recorded = Effect.fnUntraced(function*(directory: string, answer: Parameters<typeof fake>[0]) {
    const duo = fake(answer)
    const call = Effect.flip(Client.use((client) => client.call("/admin/v1/users", { limit: "1" })))
    const record = Recorder.layer({ directory, pseudonymise: false }).pipe(
      Layer.provide(Exchange.layerNoDeps),
      Layer.provide(duo.http),
      Layer.provideMerge(fakeSettings()),
      Layer.provideMerge(NodeServices.layer)
    )
    const first = yield* call.pipe(Effect.provide(Duo.client.pipe(Layer.provide(record))), withoutWaiting)
    return { duo, first, record: everything(directory) }
  })

  it.effect("removes keys and signatures from a page that shows the request", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { duo, record } = yield* recorded(folder, ({ headers }) => {
        const { authorization = "" } = headers
        const decoded = Buffer.from(authorization.slice(6), "base64").toString()
        return new Response(`<pre>authorization: ${authorization}\n${decoded}\n${skey}</pre>`, {
          status: 407,
          headers: { "x-echo": authorization, "retry-after": "1" }
        })
      })
      const [sent] = duo.sent
      const encoded = (sent?.headers["authorization"] ?? "").slice(6)
      const signature = Buffer.from(encoded, "base64").toString().split(":")[1] ?? ""
      assert.isAbove(signature.length, 100)
      assert.include(record, "<pre>authorization: Basic ****")
      assert.deepStrictEqual([...canaries, encoded, signature].filter((secret) => record.includes(secret)), [])
    })))

  it.effect("removes secrets of applications from an answer, whatever their form, and nothing else", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const secrets = ["5f".repeat(20), `${"*".repeat(36)}1234`, "a\"b\\c", "short"]
      const [secret_key, skey, client_secret, secret] = secrets
      const sso = { oauth_config: { clients: [{ client_id: "kept", client_secret }] }, idp_metadata: { secret } }
      const { record } = yield* recorded(folder, () =>
        Response.json({
          stat: "FAIL",
          code: 40301,
          message: "Access forbidden",
          response: [{ integration_key: "kept", secret_key, sso, skey, note: "my secret: kept", secrets: "kept" }]
        }, { status: 403 }))
      assert.deepStrictEqual(
        secrets.filter((secret) => record.includes(JSON.stringify(secret).slice(1, -1))),
        []
      )
      assert.include(record, `"secret_key":"${"*".repeat(40)}"`)
      assert.strictEqual(record.match(/kept"/g)?.length, 4)
    })))

  it.effect("keeps only the host of a redirect's target", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const location = "https://someone:word@login.example.com/in?token=abcdef#there"
      const { first, record } = yield* recorded(
        folder,
        () => new Response(null, { status: 302, headers: { location } })
      )
      assert.include(first.message, "login.example.com")
      assert.include(record, `"https://login.example.com/"`)
      assert.notMatch(record, /someone|word@|abcdef/)
    })))

  it.effect("that cannot write ends the run without a retry", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { duo, first } = yield* recorded(`${folder}/record`, () => {
        rmSync(`${folder}/record`, { recursive: true })
        return fail(42901)
      })
      assert.strictEqual(first[Runtime.errorExitCode], 74)
      assert.match(first.message, /record in .*\/record cannot be written/)
      assert.strictEqual(duo.sent.length, 1)
    })))

  it.effect("keeps every attempt, even one without an answer", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const answers = [() => broken("ECONNRESET"), () => Effect.never, () => fail(42901), () => fail(40301)]
      const { duo, first, record } = yield* recorded(folder, (_, count) => answers[count - 1]?.() ?? ok([]))
      assert.strictEqual(duo.sent.length, 4)
      assert.strictEqual(first.attempts, 4)
      assert.include(record, `"Transport"`)
      assert.include(record, `"which":"headers"`)
      assert.include(record, host)
      assert.strictEqual(globSync(`${folder}/0000?.json`).length, 4)
      assert.strictEqual(globSync(`${folder}/0000?.text`).length, 2)
    })))
})
