/**
 * Tells a health check how `extract` ended, as healthchecks.io and others want it: a success at its URL, a failure below
 * it. The check raises an alarm if it hears of a failure, and if it hears nothing for too long.
 */
import { type Option, Redacted } from "effect"
import { HttpClientRequest } from "effect/http"
import * as Message from "../../shared/Message.ts"
import * as SecretUrl from "../../shared/SecretUrl.ts"

const source: SecretUrl.UrlSource = {
  what: "a health check",
  flag: "--ping",
  setting: "DUO_MFA_PING",
  file: "DUO_MFA_PING_FILE"
}

/** The health check that the flag names, or the settings if there is no flag; undefined if nothing names one. */
export const find = (flag: Option.Option<Redacted.Redacted<string>>) => SecretUrl.find(source, flag)

/** The URL for failures. A query stays behind the path. */
const failing = (url: string) => {
  const parsed = new URL(url)
  parsed.pathname = parsed.pathname.replace(/\/*$/, "/fail")
  return parsed.href
}

/** Tells the check. A failure is its exit code and the name of the error, without a message. */
export const post = (
  to: SecretUrl.SecretUrl,
  { error, exit }: { readonly exit: number; readonly error?: string },
  patience: Message.Message["patience"]
) => {
  const url = Redacted.value(to.url)
  const request = exit === 0
    ? HttpClientRequest.get(url)
    : HttpClientRequest.bodyText(
      HttpClientRequest.post(failing(url)),
      error === undefined ? `exit ${exit}` : `exit ${exit}, ${error}`
    )
  return Message.post({ to, name: "health check", request, patience })
}
