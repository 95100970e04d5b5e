/**
 * Sends requests to Duo: signs every attempt, reads its answer, and retries failures that may pass. It sends GET,
 * because duo-mfa never changes anything in Duo. The one exception is a POST for the list of child accounts, which Duo
 * offers only as a POST, and which changes nothing either.
 */
import { Clock, Context, Effect, Layer, Ref } from "effect"
import type { HttpClient } from "effect/http"
import type { BadProxy } from "../../http/Proxy.ts"
import { DuoError } from "../DuoError.ts"
import { CurrentNames } from "../SettingNames.ts"
import { type Answer, interpret, type IsKnown, pingSkew } from "./Answer.ts"
import { Credentials, type Signature } from "./Credentials.ts"
import { accountListPath, Exchange, type Request, type Traffic } from "./Exchange.ts"
import * as HttpTransport from "./HttpTransport.ts"
import * as RatePlan from "./RatePlan.ts"
import * as Retry from "./Retry.ts"
import type { Params, Scheme } from "./Signature.ts"
import * as SignedRequest from "./SignedRequest.ts"

type ExactSignature = Exclude<Signature, "auto">

const schemes: Record<ExactSignature, Scheme> = {
  "v5-sha512": { version: 5, digest: "sha512" },
  "v2-sha512": { version: 2, digest: "sha512" },
  "v2-sha1": { version: 2, digest: "sha1" }
}

/** A signed request, which every attempt makes again with its own date. */
interface Question {
  readonly path: string
  readonly request: (scheme: Scheme, date: string) => Request
  readonly isKnown?: IsKnown | undefined
}

/** How many requests a run has sent so far. */
export interface Counts extends Traffic {
  /** How many of the requests are retries. */
  readonly retries: number
}

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
  /**
   * Sends a GET. The query is the canonical form of the parameters, byte for byte as it is signed. If the settings name
   * a child account, its id is one of them.
   */
  readonly call: (path: string, params: Params, isKnown?: IsKnown) => Effect.Effect<Answer, DuoError>
  /**
   * Asks for the list of the child accounts of the tenant, with the only POST that is ever sent. It has no account,
   * so it is for a parent alone: `Accounts` refuses settings that name a child.
   */
  readonly accounts: Effect.Effect<Answer, DuoError>
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
      const ofChild = credentials.accountId !== undefined
      const names = yield* CurrentNames
      const budget = yield* Retry.makeBudget
      const plan = yield* RatePlan.make
      const cap = yield* RatePlan.RateCap
      const inUse = yield* Ref.make<Signature>(credentials.signature)

      const once = Effect.fnUntraced(function*(request: (date: string) => Request, isKnown: IsKnown | undefined) {
        const date = new Date(yield* Clock.currentTimeMillis).toUTCString()
        const received = yield* exchange.send(request(date))
        return { answer: yield* Effect.fromResult(interpret(received, isKnown)), received }
      })

      /** Sends a request, and retries it, until Duo answers or a retry cannot help. Every attempt has its own date. */
      const send = (path: string, request: (date: string) => Request, isKnown?: IsKnown) =>
        Effect.suspend(() => {
          let attempts = 0
          return Effect.suspend(() => {
            attempts++
            return plan.send(Effect.andThen(cap, once(request, isKnown))).pipe(
              Effect.mapError((reason) => new DuoError({ path, attempts, reason, ofChild, names }))
            )
          }).pipe(
            Effect.retry(Retry.policy(budget)),
            Effect.tap(budget.progress)
          )
        })

      const sendSigned = ({ isKnown, path, request }: Question, signature: ExactSignature) =>
        Effect.map(send(path, (date) => request(schemes[signature], date), isKnown), ({ answer }) => answer)

      /**
       * Sends with a signature, and keeps that signature if it succeeds or `isRight` says that the error does not
       * reject it.
       */
      const trySigned = (
        question: Question,
        signature: ExactSignature,
        isRight: (error: DuoError) => boolean
      ) =>
        sendSigned(question, signature).pipe(
          Effect.tap(() => Ref.set(inUse, signature)),
          Effect.tapError((error) => isRight(error) ? Ref.set(inUse, signature) : Effect.void)
        )

      /**
       * Signs like Duo's newest clients and, if the first call is refused because of that, once like its oldest
       * clients.
       */
      const findSignature = (question: Question) =>
        trySigned(question, "v5-sha512", isAccepted).pipe(
          Effect.catchIf(isAboutSignature, (refused) =>
            trySigned(question, "v2-sha1", isPastSignature).pipe(
              Effect.tapError((error) => isRefusedKey(error) ? Ref.set(inUse, "v5-sha512") : Effect.void),
              Effect.mapError((error) => isRefusedKey(error) ? refused : error)
            ))
        )

      const ask = Effect.fnUntraced(function*(question: Question) {
        const signature = yield* Ref.get(inUse)
        return signature === "auto" ? yield* findSignature(question) : yield* sendSigned(question, signature)
      })

      return Client.of({
        host: credentials.host,
        call: (path, params, isKnown) => ask({ path, request: SignedRequest.get(credentials, path, params), isKnown }),
        accounts: ask({ path: accountListPath, request: SignedRequest.accountList(credentials) }),
        clockSkew: Effect.map(
          send("/auth/v2/ping", SignedRequest.ping),
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
