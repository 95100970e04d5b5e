/**
 * Asks Duo's Admin API: signs every attempt afresh, reads the answer within limits of time and size, and asks again what
 * may pass. GET only: an extractor changes nothing.
 */
import { Clock, Context, Effect, Layer, Ref } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { version } from "../Version.ts"
import { type Answer, interpret, pingSkew } from "./Answer.ts"
import { readText } from "./Body.ts"
import { Credentials, type Signature } from "./Credentials.ts"
import { DuoError, type DuoReason, Timeout } from "./Errors.ts"
import * as HttpTransport from "./HttpTransport.ts"
import { networkReason } from "./Network.ts"
import * as Retry from "./Retry.ts"
import { authorization, canonicalParams, type Params, type Scheme } from "./Signature.ts"

type ExactSignature = Exclude<Signature, "auto">

const schemes: Record<ExactSignature, Scheme> = {
  "v5-sha512": { version: 5, digest: "sha512" },
  "v2-sha512": { version: 2, digest: "sha512" },
  "v2-sha1": { version: 2, digest: "sha1" }
}

/** To the headers of the answer, and to its end. */
const patience = { headers: "30 seconds", attempt: "120 seconds" } as const

/** Of an answer's body, after inflating, and of a failure's. */
const mostBytes = { success: 32 << 20, failure: 64 << 10 }

/** What a run has asked of Duo so far. */
export interface Counts {
  /** HTTP requests, retries included. */
  readonly requests: number
  readonly retries: number
}

const failWith = (path: string, attempts: number) => (reason: DuoReason) => new DuoError({ path, attempts, reason })

const isRefusedKey = ({ reason }: DuoError) => reason._tag === "Unauthorized"

/** Whether a refusal may be about the way of signing: Duo's 40103, or a 401 that does not say. */
const isAboutSignature = ({ reason }: DuoError) =>
  reason._tag === "Unauthorized" && (reason.code === null || reason.code === 40103)

/** Whether Duo looked at what the key may do, which it does for a right signature only; a path it may look at before. */
const isAccepted = ({ reason }: DuoError) => reason._tag === "Forbidden" && reason.code !== null

/** Whether an answer to another signature was about more than the signature. */
const isPastSignature = ({ reason }: DuoError) =>
  "code" in reason && reason._tag !== "Unauthorized" && reason._tag !== "ServerError"

export class Client extends Context.Service<Client, {
  /** The tenant's API host. */
  readonly host: string
  /** GET with the parameters, whose canonical form is sent byte for byte. */
  readonly call: (path: string, params: Params) => Effect.Effect<Answer, DuoError>
  /** Seconds that this machine's clock is ahead of Duo's, by an unsigned ping; null if Duo does not say. */
  readonly clockSkew: Effect.Effect<number | null, DuoError>
  /** How requests are signed; "auto" until a call has shown what works. */
  readonly signature: Effect.Effect<Signature>
  readonly counts: Effect.Effect<Counts>
}>()("duo-mfa/duo/Client") {
  static readonly layerNoDeps: Layer.Layer<Client, never, Credentials | HttpClient.HttpClient> = Layer.effect(
    Client,
    Effect.gen(function*() {
      const credentials = yield* Credentials
      const http = yield* HttpClient.HttpClient
      const budget = yield* Retry.makeBudget
      const requests = yield* Ref.make(0)
      const inUse = yield* Ref.make<Signature>(credentials.signature)

      const once = Effect.fnUntraced(function*(path: string, params: Params, scheme: Scheme | undefined) {
        yield* Ref.update(requests, (count) => count + 1)
        const date = new Date(yield* Clock.currentTimeMillis).toUTCString()
        const query = canonicalParams(params)
        const request = HttpClientRequest.get(`${credentials.origin}${path}${query === "" ? "" : `?${query}`}`, {
          headers: {
            accept: "application/json",
            date,
            "user-agent": `duo-mfa/${version}`,
            ...scheme && {
              authorization: authorization(scheme, credentials.ikey, credentials.skey, {
                method: "GET",
                host: credentials.host,
                path,
                params,
                date
              })
            }
          }
        })
        const response = yield* http.execute(request).pipe(
          Effect.provideService(HttpClient.TracerPropagationEnabled, false),
          Effect.mapError((error) => networkReason(error, credentials.host)),
          Effect.timeoutOrElse({
            duration: patience.headers,
            orElse: () => Effect.fail(new Timeout({ which: "headers" }))
          })
        )
        const { headers, status } = response
        const text = status === 200
          ? yield* readText(response, mostBytes.success)
          : yield* readText(response, mostBytes.failure).pipe(Effect.orElseSucceed(() => ""))
        const received = { status, headers, text, now: yield* Clock.currentTimeMillis }
        return { answer: yield* Effect.fromResult(interpret(received)), received }
      })

      /** Until it answers, or will not. */
      const send = (path: string, params: Params, scheme: Scheme | undefined) =>
        Effect.suspend(() => {
          let attempts = 0
          return Effect.suspend(() => {
            attempts++
            return once(path, params, scheme).pipe(
              Effect.timeoutOrElse({
                duration: patience.attempt,
                orElse: () => Effect.fail(new Timeout({ which: "attempt" }))
              }),
              Effect.mapError(failWith(path, attempts))
            )
          }).pipe(
            Effect.retry(Retry.policy(budget)),
            Effect.tap(budget.progress)
          )
        })

      const sendSigned = (path: string, params: Params, signature: ExactSignature) =>
        Effect.map(send(path, params, schemes[signature]), ({ answer }) => answer)

      /** Signs so, and keeps to it if Duo agreed. */
      const trySigned = (
        path: string,
        params: Params,
        signature: ExactSignature,
        isRight: (error: DuoError) => boolean
      ) =>
        sendSigned(path, params, signature).pipe(
          Effect.tap(() => Ref.set(inUse, signature)),
          Effect.tapError((error) => isRight(error) ? Ref.set(inUse, signature) : Effect.void)
        )

      /** Signs as Duo's newest clients do and, if that is what the first call is refused for, once as its oldest. */
      const findSignature = (path: string, params: Params) =>
        trySigned(path, params, "v5-sha512", isAccepted).pipe(
          Effect.catchIf(isAboutSignature, (refused) =>
            trySigned(path, params, "v2-sha1", isPastSignature).pipe(
              Effect.tapError((error) => isRefusedKey(error) ? Ref.set(inUse, "v5-sha512") : Effect.void),
              Effect.mapError((error) => isRefusedKey(error) ? refused : error)
            ))
        )

      return Client.of({
        host: credentials.host,
        call: Effect.fn("Duo.call")(function*(path, params) {
          const signature = yield* Ref.get(inUse)
          return signature === "auto" ? yield* findSignature(path, params) : yield* sendSigned(path, params, signature)
        }),
        clockSkew: Effect.map(
          send("/auth/v2/ping", {}, undefined),
          ({ answer, received }) => pingSkew(answer.response, received)
        ),
        signature: Ref.get(inUse),
        counts: Effect.all({ requests: Ref.get(requests), retries: budget.retries })
      })
    })
  )

  static readonly layer: Layer.Layer<Client, never, Credentials> = this.layerNoDeps.pipe(
    Layer.provide(HttpTransport.layer)
  )
}
