/** A fake Duo that answers with a function and without sockets, so that tests can use the TestClock. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Clock, ConfigProvider, type Duration, Effect, Fiber, Layer, Logger } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { Client } from "../../../src/duo/http/Client.ts"
import { Credentials } from "../../../src/duo/http/Credentials.ts"

export const ikey = "DICANARYIKEY00000000"
export const skey = "canarysecretkeycanarysecretkeycanaryskey"
export const host = "api-12345678.duosecurity.com"

/** A secret that must be in no message, log or row. */
export const canaries = [skey, ikey, "canary@example.com"]

export interface Sent {
  readonly method: string
  /** As it was written. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  readonly at: number
}

type Answer = Response | Effect.Effect<Response, unknown>

/** An answer that fails. `cause` is the error that fetch throws. */
export const broken = (code: string): Effect.Effect<Response, unknown> =>
  Effect.fail(new TypeError("fetch failed", { cause: Object.assign(new Error(`https://${host} ${skey}`), { code }) }))

export const json = (body: unknown, init?: ResponseInit) => new Response(JSON.stringify(body), init)

export const ok = (response: unknown, metadata?: unknown) => json({ stat: "OK", response, metadata })

export const fail = (code: number, headers: Record<string, string> = {}, message = "canned") =>
  json({ stat: "FAIL", code, message }, { status: Math.floor(code / 100), headers })

export const settings = (env: Record<string, string> = {}) =>
  Credentials.layer.pipe(
    Layer.provide(NodeFileSystem.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({
      env: { DUO_IKEY: ikey, DUO_SKEY: skey, DUO_HOST: host, DUO_SIGNATURE: "v5-sha512", DUO_API: "v1", ...env }
    })))
  )

/** Makes a fake Duo: its requests, the warnings that were logged, and layers for its HTTP and for a client. */
export const fake = (answer: (sent: Sent, count: number) => Answer, env: Record<string, string> = {}) => {
  const sent: Array<Sent> = []
  const warnings: Array<string> = []
  const http = Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) =>
      Effect.gen(function*() {
        const at = yield* Clock.currentTimeMillis
        const one = { method: request.method, url: request.url, headers: { ...request.headers }, at }
        sent.push(one)
        const answered = answer(one, sent.length)
        const response = Effect.isEffect(answered) ? yield* answered : answered
        return HttpClientResponse.fromWeb(request, response)
      }).pipe(Effect.mapError((cause) =>
        new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })
      ))
    )
  )
  const logger = Logger.make<unknown, void>(({ message }) => {
    warnings.push(String(message))
  })
  const layer = Client.layerNoDeps.pipe(
    Layer.provide(http),
    Layer.provideMerge(settings(env)),
    Layer.merge(Logger.layer([logger]))
  )
  return { layer, http, sent, warnings }
}

/** Waits until real promises and sockets have had a turn of the event loop. */
export const turn = Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve)))

const moving = (pause: Effect.Effect<void>, step: Duration.Input) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* pause
      yield* TestClock.adjust(step)
    }
    return yield* Fiber.join(fiber)
  })

/** Runs an effect, and moves the TestClock on by an eighth of a second whenever nothing else happens. */
export const withoutWaiting = moving(turn, "125 millis")

/** The same over sockets, which need real time: a quarter of a second takes at least a real millisecond. */
export const withoutMuchWaiting = moving(
  Effect.promise(() => new Promise<void>((resolve) => void setTimeout(resolve, 1))),
  "250 millis"
)
