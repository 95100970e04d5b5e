/** How a message reaches a webhook: how often it is posted, how long an answer may take, and over which connection. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Logger, Option, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as Notify from "../../../src/cli/shared/Notify.ts"
import { another, good, key } from "../../support/servers/certificates.ts"
import { behindProxy, trust } from "../../support/servers/real-host.ts"
import { hook } from "../../support/servers/webhook.ts"

const news = { facts: { users: 3 }, text: "<3> & more" }

const webhookAt = (url: string) =>
  Effect.map(Notify.webhook(Option.some(Redacted.make(url))), (webhook) => {
    assert(webhook !== undefined)
    return webhook
  }).pipe(Effect.provide(NodeServices.layer))

/** What is warned of while it runs. */
const warnings = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const lines: Array<string> = []
  yield* Effect.provide(effect, Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))]))
  return lines
})

/** A webhook that answers so, one after the other. */
const answering = (...statuses: ReadonlyArray<number>) => {
  const posts: Array<string> = []
  const client = HttpClient.make((request) => {
    posts.push(request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : "")
    const status = statuses[posts.length - 1] ?? 0
    return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(null, { status })))
  })
  return { client, posts }
}

describe("a webhook", () => {
  const rows: ReadonlyArray<readonly [statuses: ReadonlyArray<number>, posts: number, warning: RegExp]> = [
    [[204], 1, /^$/],
    [[503, 429, 200], 3, /^$/],
    [[500, 502, 503, 200], 3, /was not told: HTTP 503\.$/],
    [[404, 200], 1, /was not told: HTTP 404\.$/],
    [[400, 200], 1, /was not told: HTTP 400\.$/]
  ]
  for (const [statuses, count, warning] of rows) {
    it.effect(`that answers ${statuses.join(", ")} is posted to ${count === 1 ? "once" : `${count} times`}`, () =>
      Effect.gen(function*() {
        const webhook = yield* webhookAt("https://hooks.slack.com/services/T/B/x")
        const { client, posts } = answering(...statuses)
        const sent = yield* Effect.forkChild(
          warnings(Effect.provideService(Notify.send(webhook, news), HttpClient.HttpClient, client))
        )
        yield* TestClock.adjust("9 seconds")
        assert.match((yield* Fiber.join(sent)).join("\n"), warning)
        assert.deepStrictEqual(posts, Array.from({ length: count }, () => `{"text":"&lt;3&gt; &amp; more"}`))
      }))
  }

  it.effect("that does not answer is given up after ten seconds, and is not told twice", () =>
    Effect.gen(function*() {
      const { host, posts, told, url } = yield* hook(() => undefined)
      const webhook = { url: Redacted.make(url), host, loopback: true, isSlack: false }
      const sent = yield* Effect.forkChild(warnings(Notify.post(webhook, news)))
      yield* told
      yield* TestClock.adjust("9999 millis")
      assert.isUndefined(sent.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.join(sent), [`The webhook at ${host} was not told: no answer in 10 seconds.`])
      assert.deepStrictEqual(posts.map(({ body }) => body), [`{"users":3}`])
    }))

  const host = "api-12345678.duosecurity.com"

  it.live("is reached over TLS, through HTTPS_PROXY", () =>
    Effect.gen(function*() {
      const seen = yield* behindProxy(200, { cert: good, key })
      yield* trust(good)
      assert.deepStrictEqual(yield* warnings(Notify.post(yield* webhookAt(`https://${host}/hook`), news)), [])
      assert.deepStrictEqual(seen.requests, [`${host} /hook`])
    }))

  it.live("is told nothing if its certificate is another's", () =>
    Effect.gen(function*() {
      const seen = yield* behindProxy(200, { cert: another, key })
      yield* trust(another)
      assert.deepStrictEqual(yield* warnings(Notify.post(yield* webhookAt(`https://${host}/hook`), news)), [
        `The webhook at ${host} was not told: ERR_TLS_CERT_ALTNAME_INVALID.`
      ])
      assert.deepStrictEqual(seen.requests, [])
    }))
})
