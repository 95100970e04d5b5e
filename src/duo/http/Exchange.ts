/** Sends one HTTP request to Duo, and gives its whole answer, or the reason why there is none. */
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

/** The path of the list of child accounts. Duo offers this list only as a POST. */
export const accountListPath = "/accounts/v1/account/list"

/** A GET to the tenant's host. */
export interface GetRequest {
  readonly method: "GET"
  readonly path: string
  /** In canonical form, sent byte for byte; "" without parameters. */
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
}

/** The request for the list of child accounts. It is the only POST, and changes nothing in Duo. */
export interface AccountListRequest extends Omit<GetRequest, "method"> {
  readonly method: "POST"
  readonly path: typeof accountListPath
  readonly body: { readonly type: "application/json" | "application/x-www-form-urlencoded"; readonly text: string }
}

export type Request = GetRequest | AccountListRequest

/** How much was sent and answered so far. */
export interface Traffic {
  readonly requests: number
  /** The Unix time in milliseconds at which the last answer was whole; null before the first answer. */
  readonly answeredAt: number | null
}

export const noTraffic: Traffic = { requests: 0, answeredAt: null }

export const sent = (traffic: Traffic): Traffic => ({ ...traffic, requests: traffic.requests + 1 })

/** Keeps the latest time, because answers come in any order, and a clock may be set back. */
export const answered = (now: number) => (traffic: Traffic): Traffic => ({
  ...traffic,
  answeredAt: Math.max(now, traffic.answeredAt ?? now)
})

/** The path with the query, as in the request line. */
export const target = ({ path, query }: Pick<Request, "path" | "query">) => query === "" ? path : `${path}?${query}`

const httpRequest = (origin: string, request: Request): HttpClientRequest.HttpClientRequest => {
  const url = `${origin}${target(request)}`
  return request.method === "GET"
    ? HttpClientRequest.get(url, { headers: request.headers })
    : HttpClientRequest.bodyText(
      HttpClientRequest.post(url, { headers: request.headers }),
      request.body.text,
      request.body.type
    )
}

/** Adds the outcome of a request to its span, and its duration to the metrics. */
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

/** Timeouts from the request to the headers of the answer, and to the end of its body. */
const timeouts = { headers: "30 seconds", attempt: "120 seconds" } as const

/** The largest bodies of a success and of a failure, after decompression. */
const bytesMax = { success: 32 << 20, failure: 64 << 10 }

export class Exchange extends Context.Service<Exchange, {
  readonly send: (request: Request) => Effect.Effect<HttpAnswer, DuoReason>
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
        const response = yield* http.execute(httpRequest(origin, request)).pipe(
          // the HTTP client's own span would have the authorization header, and would send trace headers to Duo
          Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
          Effect.mapError((error) => networkReason(error, host)),
          Effect.timeoutOrElse({
            duration: timeouts.headers,
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
        send: (request) =>
          Ref.update(traffic, sent).pipe(
            Effect.andThen(exchange(request)),
            Effect.timeoutOrElse({
              duration: timeouts.attempt,
              orElse: () => Effect.fail(new Timeout({ which: "attempt" }))
            }),
            Effect.tap(({ now }) => Ref.update(traffic, answered(now))),
            measured,
            Effect.withSpan("Duo.request", {
              kind: "client",
              attributes: { "http.request.method": request.method, "server.address": host, "url.path": request.path }
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
