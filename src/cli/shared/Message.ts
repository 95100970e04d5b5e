/** Sends a message about a run. If nobody gets it, there is a warning; the run and its exit code stay the same. */
import { Effect, Schedule, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import * as Transport from "../../http/Transport.ts"
import { version } from "../../Version.ts"
import type { SecretUrl } from "./SecretUrl.ts"

class Undelivered extends Schema.TaggedError<Undelivered>()("Undelivered", {
  detail: Schema.String,
  mayPass: Schema.Boolean
}) {}

const attempt = Effect.fnUntraced(function*(request: HttpClientRequest.HttpClientRequest) {
  const http = yield* HttpClient.HttpClient
  const { status } = yield* http.execute(request).pipe(
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
    Effect.mapError((error) =>
      new Undelivered({
        detail: Transport.codesOf(Transport.causesOf(error)).at(-1) ?? "no connection",
        mayPass: true
      })
    )
  )
  if (status >= 200 && status < 300) return
  const redirected = status >= 300 && status < 400 ? ", and redirects are not followed" : ""
  return yield* new Undelivered({ detail: `HTTP ${status}${redirected}`, mayPass: status === 429 || status >= 500 })
}, Effect.scoped)

/** What to send, to whom, and for how long to try. */
export interface Message {
  readonly to: SecretUrl
  /** How a warning calls the one who gets it. */
  readonly name: string
  readonly request: HttpClientRequest.HttpClientRequest
  /** For all attempts together. A request without an answer is not repeated, because it may have arrived. */
  readonly patience: `${number} seconds`
}

/** Sends, with up to three attempts if a failure may pass; warns if all of them fail. */
export const send = (
  { name, patience, request, to }: Message
): Effect.Effect<void, never, HttpClient.HttpClient> =>
  attempt(HttpClientRequest.setHeader(request, "user-agent", `duo-mfa/${version}`)).pipe(
    Effect.retry({ times: 2, schedule: Schedule.exponential("1 second"), while: ({ mayPass }) => mayPass }),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(new Undelivered({ detail: `no answer in ${patience}`, mayPass: false }))
    }),
    Effect.catch(({ detail }) => Effect.logWarning(`The ${name} at ${to.host} was not told: ${detail}.`))
  )

/** The same over the network. */
export const post = (message: Message): Effect.Effect<void> =>
  Effect.provide(send(message), Transport.layer(message.to.loopback)).pipe(
    Effect.catch((error) =>
      Effect.logWarning(`The ${message.name} at ${message.to.host} was not told: ${error.message}`)
    )
  )
