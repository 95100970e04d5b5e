/** Posts the result of a run to a webhook. A webhook that does not answer changes nothing about the run. */
import { Effect, type Option, Redacted, Runtime } from "effect"
import { type HttpClient, HttpClientRequest } from "effect/http"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import { withoutPaths } from "../../telemetry/Paths.ts"
import { publicMessageOf } from "../terminal/ExitStatus.ts"
import * as Message from "./Message.ts"
import * as SecretUrl from "./SecretUrl.ts"

/** Where to post, and in which shape. */
export interface Webhook extends SecretUrl.SecretUrl {
  /** The webhook takes a text, as Slack's do and those that accept Slack's format. */
  readonly isSlack: boolean
}

const source: SecretUrl.UrlSource = {
  what: "a webhook",
  flag: "--notify",
  setting: "DUO_MFA_NOTIFY",
  file: "DUO_MFA_NOTIFY_FILE"
}

/** The webhook that the flag names, or the settings if there is no flag; undefined if nothing names one. */
export const webhook = Effect.fnUntraced(function*(flag: Option.Option<Redacted.Redacted<string>>) {
  const found = yield* SecretUrl.find(source, flag)
  if (found === undefined) return undefined
  const { hostname, pathname } = new URL(Redacted.value(found.url))
  const isSlack = /^hooks\.slack(-gov)?\.com$/.test(hostname) || /\/slack\/?$/.test(pathname)
  const webhook: Webhook = { ...found, isSlack }
  return webhook
})

/** The message as an object and as text. */
export interface News {
  readonly facts: object
  readonly text: string
}

/** The message about a failure, without texts of other people and without paths of this machine. */
export const newsOfFailure = (error: ExpectedFailure, dataDirectory: string) => {
  const exit = error[Runtime.errorExitCode]
  const message = withoutPaths(publicMessageOf(error), dataDirectory)
  return {
    facts: { error: error._tag, message, exit },
    text: `failed with exit ${exit}, ${error._tag}. ${message}`
  } satisfies News
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const message = (to: Webhook, { facts, text }: News): Message.Message => ({
  to,
  name: "webhook",
  request: HttpClientRequest.bodyJsonUnsafe(
    HttpClientRequest.post(Redacted.value(to.url)),
    to.isSlack ? { text: escape(text) } : facts
  ),
  patience: "10 seconds"
})

/** Posts, and warns if the webhook does not get it. */
export const send = (webhook: Webhook, news: News): Effect.Effect<void, never, HttpClient.HttpClient> =>
  Message.send(message(webhook, news))

/** The same over the network. */
export const post = (webhook: Webhook, news: News): Effect.Effect<void> => Message.post(message(webhook, news))
