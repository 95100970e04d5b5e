/**
 * Posts the result of a run to a webhook. The URL is a secret, because anybody who knows it can post there, so only its
 * host is shown. A webhook that does not answer changes nothing about the run.
 */
import { Config, Effect, Option, Redacted, Runtime, Schedule, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { ExitCode } from "../../failure/ExitCode.ts"
import { isPlainLoopback } from "../../http/LoopbackName.ts"
import * as Transport from "../../http/Transport.ts"
import { version } from "../../Version.ts"

/** The setting is not the URL of a webhook. */
export class BadWebhook extends Schema.TaggedError<BadWebhook>()("BadWebhook", {
  setting: Schema.Literals(["--notify", "DUO_MFA_NOTIFY"]),
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = this.setting === "--notify" ? ExitCode.usage : ExitCode.config
  override get message() {
    return `${this.setting} ${this.detail}.`
  }
}

/** Where to post, and in which shape. */
export interface Webhook {
  readonly url: Redacted.Redacted<string>
  readonly host: string
  readonly loopback: boolean
  /** The webhook takes a text, as Slack's do and those that accept Slack's format. */
  readonly isSlack: boolean
}

const parse = (url: Redacted.Redacted<string>, allowLoopback: boolean): Webhook | string => {
  const parsed = URL.parse(Redacted.value(url))
  if (parsed === null) return "must be the https:// URL of a webhook"
  const { host, hostname, pathname, protocol } = parsed
  const loopback = isPlainLoopback(parsed)
  if (loopback && !allowLoopback) {
    return "is this machine over plain http, which is allowed only with DUO_INSECURE_LOOPBACK=1"
  }
  if (!loopback && protocol !== "https:") return "must be https, because others on the way could read its messages"
  if (parsed.username !== "" || parsed.password !== "") return "must have no user name and no password in it"
  const isSlack = /^hooks\.slack(-gov)?\.com$/.test(hostname) || /\/slack\/?$/.test(pathname)
  return { url, host, loopback, isSlack }
}

const inEnvironment = Config.option(Config.Redacted("DUO_MFA_NOTIFY")).pipe(
  Effect.orDie,
  Effect.map(Option.filter((url) => Redacted.value(url).trim() !== ""))
)

const allowsLoopback = Config.String("DUO_INSECURE_LOOPBACK").pipe(Config.withDefault(""), Effect.orDie)

/** The webhook that the flag names, or the setting if there is no flag; undefined if neither names one. */
export const webhook = Effect.fnUntraced(function*(flag: Option.Option<Redacted.Redacted<string>>) {
  const asked = Option.isSome(flag) ? flag : yield* inEnvironment
  if (Option.isNone(asked)) return undefined
  const url = Redacted.make(Redacted.value(asked.value).trim())
  const found = parse(url, (yield* allowsLoopback).trim() === "1")
  const setting = Option.isSome(flag) ? "--notify" : "DUO_MFA_NOTIFY"
  return typeof found === "string" ? yield* new BadWebhook({ setting, detail: found }) : found
})

/** The message as an object and as text. */
export interface News {
  readonly facts: object
  readonly text: string
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

class Untold extends Schema.TaggedError<Untold>()("Untold", { detail: Schema.String, mayPass: Schema.Boolean }) {}

const attempt = Effect.fnUntraced(function*({ url }: Webhook, body: object) {
  const http = yield* HttpClient.HttpClient
  const request = HttpClientRequest.post(Redacted.value(url), { headers: { "user-agent": `duo-mfa/${version}` } })
  const { status } = yield* http.execute(HttpClientRequest.bodyJsonUnsafe(request, body)).pipe(
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
    Effect.mapError((error) =>
      new Untold({ detail: Transport.codesOf(Transport.causesOf(error)).at(-1) ?? "no connection", mayPass: true })
    )
  )
  if (status >= 200 && status < 300) return
  const redirected = status >= 300 && status < 400 ? ", and redirects are not followed" : ""
  return yield* new Untold({ detail: `HTTP ${status}${redirected}`, mayPass: status === 429 || status >= 500 })
}, Effect.scoped)

/** For all attempts together. A request without an answer is not repeated, because the webhook may have received it. */
const patience = "10 seconds"

/** Posts, with up to three attempts if a failure may pass; warns if all of them fail. */
export const send = (webhook: Webhook, { facts, text }: News): Effect.Effect<void, never, HttpClient.HttpClient> =>
  attempt(webhook, webhook.isSlack ? { text: escape(text) } : facts).pipe(
    Effect.retry({ times: 2, schedule: Schedule.exponential("1 second"), while: ({ mayPass }) => mayPass }),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(new Untold({ detail: `no answer in ${patience}`, mayPass: false }))
    }),
    Effect.catch(({ detail }) => Effect.logWarning(`The webhook at ${webhook.host} was not told: ${detail}.`))
  )

/** The same over the network. */
export const post = (webhook: Webhook, news: News): Effect.Effect<void> =>
  Effect.provide(send(webhook, news), Transport.layer(webhook.loopback)).pipe(
    Effect.catch(({ message }) => Effect.logWarning(`The webhook at ${webhook.host} was not told: ${message}`))
  )
