/**
 * Sends requests to Duo's Admin API: signs every attempt, reads its answer, and retries failures that may pass. It
 * only sends GET, because duo-mfa never changes anything in Duo.
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

/** How many requests a run has sent so far. */
export interface Counts extends Traffic {
  /** How many of the requests are retries. */
  readonly retries: number
}

const failWith = (path: string, attempts: number) => (reason: DuoReason) => new DuoError({ path, attempts, reason })

const isRefusedKey = ({ reason }: DuoError) => reason._tag === "Unauthorized"

/** Whether another signature may cure a refusal: a 401 with Duo's code 40103 or 40112, or with no code. */
const isAboutSignature = ({ reason }: DuoError) =>
  reason._tag === "Unauthorized" && (reason.code === null || reason.code === 40103 || reason.code === 40112)

/**
 * Whether a refusal shows that the signature is right: Duo checks permissions only after the signature. A 404 does not
 * show it.
 */
const isAccepted = ({ reason }: DuoError) => reason._tag === "Forbidden" && reason.code !== null

/** Whether a refusal of the second signature has another cause than the signature. */
const isPastSignature = ({ reason }: DuoError) =>
  "code" in reason && reason._tag !== "Unauthorized" && reason._tag !== "ServerError"

export class Client extends Context.Service<Client, {
  /** The tenant's API host. */
  readonly host: string
  /** Sends a GET. The query is the canonical form of the parameters, byte for byte as it is signed. */
  readonly call: (path: string, params: Params, isKnown?: IsKnown) => Effect.Effect<Answer, DuoError>
  /** How many seconds this machine's clock is ahead of Duo's, by an unsigned ping; null if Duo does not say. */
  readonly clockSkew: Effect.Effect<number | null, DuoError>
  /** How requests are signed; "auto" until a call shows which signature works. */
  readonly signature: Effect.Effect<Signature>
  readonly counts: Effect.Effect<Counts>
}>()("duo-mfa/duo/Client") {
  /** The client over any exchange: with Duo, with a recorder, or with a record. */
  static readonly layerExchange: Layer.Layer<Client, never, Credentials | Exchange> = Layer.effect(
    Client,
    Effect.gen(function*() {
      const credentials = yield* Credentials
      const exchange = yield* Exchange
      const budget = yield* Retry.makeBudget
      const plan = yield* RatePlan.make
      const cap = yield* RatePlan.RateCap
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

      /** Sends a request, and retries it, until Duo answers or a retry cannot help. */
      const send = (path: string, params: Params, scheme: Scheme | undefined, isKnown?: IsKnown) =>
        Effect.suspend(() => {
          let attempts = 0
          return Effect.suspend(() => {
            attempts++
            return plan.send(Effect.andThen(cap, once(path, params, scheme, isKnown))).pipe(
              Effect.mapError(failWith(path, attempts))
            )
          }).pipe(
            Effect.retry(Retry.policy(budget)),
            Effect.tap(budget.progress)
          )
        })

      const sendSigned = (path: string, params: Params, signature: ExactSignature, isKnown?: IsKnown) =>
        Effect.map(send(path, params, schemes[signature], isKnown), ({ answer }) => answer)

      /**
       * Sends with a signature, and keeps that signature if it succeeds or `isRight` says that the error does not
       * reject it.
       */
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

      /**
       * Signs like Duo's newest clients and, if the first call is refused because of that, once like its oldest
       * clients.
       */
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
