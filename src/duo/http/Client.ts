/**
 * Asks Duo's Admin API: signs every attempt afresh, says what its answer means, and asks again what may pass. GET only: an
 * extractor changes nothing.
 */
import { Clock, Context, Effect, Layer, Ref } from "effect"
import type { HttpClient } from "effect/http"
import type { BadProxy } from "../../http/Proxy.ts"
import { version } from "../../Version.ts"
import { DuoError } from "../DuoError.ts"
import type { DuoReason } from "../DuoReason.ts"
import { type Answer, interpret, type IsKnown, pingSkew } from "./Answer.ts"
import { Credentials, type Signature } from "./Credentials.ts"
import { Exchange, type Traffic } from "./Exchange.ts"
import * as HttpTransport from "./HttpTransport.ts"
import * as RatePlan from "./RatePlan.ts"
import * as Retry from "./Retry.ts"
import { authorization, canonicalParams, type Params, type Scheme } from "./Signature.ts"

type ExactSignature = Exclude<Signature, "auto">

const schemes: Record<ExactSignature, Scheme> = {
  "v5-sha512": { version: 5, digest: "sha512" },
  "v2-sha512": { version: 2, digest: "sha512" },
  "v2-sha1": { version: 2, digest: "sha1" }
}

/** What a run has asked of Duo so far. */
export interface Counts extends Traffic {
  /** Of the requests. */
  readonly retries: number
}

const failWith = (path: string, attempts: number) => (reason: DuoReason) => new DuoError({ path, attempts, reason })

const isRefusedKey = ({ reason }: DuoError) => reason._tag === "Unauthorized"

/** Whether a refusal may be about the way of signing: Duo's 40103 and 40112, or a 401 that does not say. */
const isAboutSignature = ({ reason }: DuoError) =>
  reason._tag === "Unauthorized" && (reason.code === null || reason.code === 40103 || reason.code === 40112)

/** Whether Duo looked at what the key may do, which it does for a right signature only; a path it may look at before. */
const isAccepted = ({ reason }: DuoError) => reason._tag === "Forbidden" && reason.code !== null

/** Whether an answer to another signature was about more than the signature. */
const isPastSignature = ({ reason }: DuoError) =>
  "code" in reason && reason._tag !== "Unauthorized" && reason._tag !== "ServerError"

export class Client extends Context.Service<Client, {
  /** The tenant's API host. */
  readonly host: string
  /** GET with the parameters, whose canonical form is sent byte for byte. */
  readonly call: (path: string, params: Params, isKnown?: IsKnown) => Effect.Effect<Answer, DuoError>
  /** Seconds that this machine's clock is ahead of Duo's, by an unsigned ping; null if Duo does not say. */
  readonly clockSkew: Effect.Effect<number | null, DuoError>
  /** How requests are signed; "auto" until a call has shown what works. */
  readonly signature: Effect.Effect<Signature>
  readonly counts: Effect.Effect<Counts>
}>()("duo-mfa/duo/Client") {
  /** Over any exchange. */
  static readonly layerExchange: Layer.Layer<Client, never, Credentials | Exchange> = Layer.effect(
    Client,
    Effect.gen(function*() {
      const credentials = yield* Credentials
      const exchange = yield* Exchange
      const budget = yield* Retry.makeBudget
      const plan = yield* RatePlan.make
      const inUse = yield* Ref.make<Signature>(credentials.signature)

      const once = Effect.fnUntraced(function*(
        path: string,
        params: Params,
        scheme: Scheme | undefined,
        isKnown: IsKnown | undefined
      ) {
        const date = new Date(yield* Clock.currentTimeMillis).toUTCString()
        const received = yield* exchange.get({
          path,
          query: canonicalParams(params),
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
        return { answer: yield* Effect.fromResult(interpret(received, isKnown)), received }
      })

      /** Until it answers, or will not. */
      const send = (path: string, params: Params, scheme: Scheme | undefined, isKnown?: IsKnown) =>
        Effect.suspend(() => {
          let attempts = 0
          return Effect.suspend(() => {
            attempts++
            return plan.send(once(path, params, scheme, isKnown)).pipe(Effect.mapError(failWith(path, attempts)))
          }).pipe(
            Effect.retry(Retry.policy(budget)),
            Effect.tap(budget.progress)
          )
        })

      const sendSigned = (path: string, params: Params, signature: ExactSignature, isKnown?: IsKnown) =>
        Effect.map(send(path, params, schemes[signature], isKnown), ({ answer }) => answer)

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
        call: Effect.fnUntraced(function*(path, params, isKnown) {
          const signature = yield* Ref.get(inUse)
          return signature === "auto"
            ? yield* findSignature(path, params)
            : yield* sendSigned(path, params, signature, isKnown)
        }),
        clockSkew: Effect.map(
          send("/auth/v2/ping", {}, undefined),
          ({ answer, received }) => pingSkew(answer.response, received)
        ),
        signature: Ref.get(inUse),
        counts: Effect.gen(function*() {
          return { ...yield* exchange.traffic, retries: yield* budget.retries }
        })
      })
    })
  )

  static readonly layerNoDeps: Layer.Layer<Client, never, Credentials | HttpClient.HttpClient> = this.layerExchange
    .pipe(Layer.provide(Exchange.layerNoDeps))

  static readonly layer: Layer.Layer<Client, BadProxy, Credentials> = this.layerNoDeps.pipe(
    Layer.provide(HttpTransport.layer)
  )
}
