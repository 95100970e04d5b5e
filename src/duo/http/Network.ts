/** Gives the reason why a request had no answer, from the error codes of Node and undici. */
import type { HttpClientError } from "effect/http"
import { causesOf, codesOf } from "../../http/Transport.ts"
import { NotDuo, Tls, Transport } from "../DuoReason.ts"

const tlsCodes = /^(CERT_|CRL_|DEPTH_ZERO_|EPROTO|ERR_SSL_|ERR_TLS_|HOSTNAME_|INVALID_CA|SELF_SIGNED_|UNABLE_TO_)/

/** The detail has only error codes and the API host, because the errors' own texts may have URLs and addresses. */
export const networkReason = (error: HttpClientError.HttpClientError, host: string): NotDuo | Tls | Transport => {
  const errors = causesOf(error)
  const codes = codesOf(errors)
  const tls = codes.find((code) => tlsCodes.test(code))
  if (tls !== undefined) return new Tls({ detail: tls })
  const proxy = errors.flatMap((error) => "message" in error ? [proxyStatus(String(error.message))] : []).find(Boolean)
  if (proxy !== undefined) {
    const detail = `the proxy answered HTTP ${proxy}`
    return Number(proxy) >= 500 ? new Transport({ detail }) : new NotDuo({ detail })
  }
  return new Transport({ detail: `${host}: ${codes.at(-1) ?? "no connection"}` })
}

/** undici has no code for this error, only a text. */
const proxyStatus = (message: string): string | undefined => /^Proxy response \((\d{3})\)/.exec(message)?.[1]
