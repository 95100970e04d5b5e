/** One HTTP exchange with Duo: a request goes out, and its answer comes back whole and in time, or the reason why not. */
import { Clock, Context, Effect, Exit, Layer, Option, Ref } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import type { BadProxy } from "../../http/Proxy.ts"
import * as Meters from "../../telemetry/Meters.ts"
import { type DuoReason, Timeout } from "../DuoReason.ts"
import type { HttpAnswer } from "./Answer.ts"
import { readText } from "./Body.ts"
import { Credentials } from "./Credentials.ts"
import * as HttpTransport from "./HttpTransport.ts"
import { networkReason } from "./Network.ts"

/** A GET of the tenant's host. */
export interface Request {
  readonly path: string
  /** In its canonical form, sent byte for byte; "" for none. */
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
}

/** What went over the wire so far. */
export interface Traffic {
  readonly requests: number
  /** When the last answer was whole, in milliseconds; null before the first. */
  readonly answeredAt: number | null
}

export const noTraffic: Traffic = { requests: 0, answeredAt: null }

export const sent = (traffic: Traffic): Traffic => ({ ...traffic, requests: traffic.requests + 1 })

/** Answers to requests in flight together come in any order, and a clock may be set back. */
export const answered = (now: number) => (traffic: Traffic): Traffic => ({
  ...traffic,
  answeredAt: Math.max(now, traffic.answeredAt ?? now)
})

/** The path and the query, as the request line has them. */
export const target = ({ path, query }: Pick<Request, "path" | "query">) => query === "" ? path : `${path}?${query}`

/** Says of a request how long it took and what came of it. */
const measured = Effect.fnUntraced(function*(exchange: Effect.Effect<HttpAnswer, DuoReason>) {
  const start = yield* Clock.monotonicTimeNanos
  return yield* exchange.pipe(
    Effect.onExit(Effect.fnUntraced(function*(exit) {
      const nanos = (yield* Clock.monotonicTimeNanos) - start
      const outcome = Exit.isSuccess(exit)
        ? { "http.response.status_code": exit.value.status }
        : {
          "error.type": Option.getOrElse(Option.map(Exit.findErrorOption(exit), ({ _tag }) => _tag), () => "Stopped")
        }
      yield* Effect.annotateCurrentSpan(outcome)
      yield* Meters.requested(nanos, outcome)
    }))
  )
})

/** To the headers of the answer, and to its end. */
const patience = { headers: "30 seconds", attempt: "120 seconds" } as const

/** Of an answer's body, after inflating, and of a failure's. */
const bytesMax = { success: 32 << 20, failure: 64 << 10 }

export class Exchange extends Context.Service<Exchange, {
  readonly get: (request: Request) => Effect.Effect<HttpAnswer, DuoReason>
  readonly traffic: Effect.Effect<Traffic>
}>()("duo-mfa/duo/Exchange") {
  static readonly layerNoDeps: Layer.Layer<Exchange, never, Credentials | HttpClient.HttpClient> = Layer.effect(
    Exchange,
    Effect.gen(function*() {
      const { host, origin } = yield* Credentials
      const http = yield* HttpClient.HttpClient
      const traffic = yield* Ref.make(noTraffic)

      const exchange = Effect.fnUntraced(function*(request: Request) {
        const start = yield* Clock.monotonicTimeNanos
        const response = yield* http.execute(
          HttpClientRequest.get(`${origin}${target(request)}`, { headers: request.headers })
        ).pipe(
          // a span of its own would name the keys' headers, and send headers of its own
          Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
          Effect.mapError((error) => networkReason(error, host)),
          Effect.timeoutOrElse({
            duration: patience.headers,
            orElse: () => Effect.fail(new Timeout({ which: "headers" }))
          })
        )
        const { headers, status } = response
        const text = status === 200
          ? yield* readText(response, bytesMax.success)
          : yield* readText(response, bytesMax.failure).pipe(Effect.orElseSucceed(() => ""))
        const duration = Number(((yield* Clock.monotonicTimeNanos) - start) / 1_000_000n)
        const received: HttpAnswer = { status, headers, text, now: yield* Clock.currentTimeMillis, duration }
        return received
      })

      return Exchange.of({
        get: (request) =>
          Ref.update(traffic, sent).pipe(
            Effect.andThen(exchange(request)),
            Effect.timeoutOrElse({
              duration: patience.attempt,
              orElse: () => Effect.fail(new Timeout({ which: "attempt" }))
            }),
            Effect.tap(({ now }) => Ref.update(traffic, answered(now))),
            measured,
            Effect.withSpan("Duo.request", {
              kind: "client",
              attributes: { "http.request.method": "GET", "server.address": host, "url.path": request.path }
            })
          ),
        traffic: Ref.get(traffic)
      })
    })
  )

  static readonly layer: Layer.Layer<Exchange, BadProxy, Credentials> = this.layerNoDeps.pipe(
    Layer.provide(HttpTransport.layer)
  )
}
