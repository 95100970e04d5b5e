/** Tells the ways apart in which no answer comes at all, from the error codes of Node and undici. */
import type { HttpClientError } from "effect/http"
import { NotDuo, Tls, Transport } from "./Errors.ts"

const tlsCodes = /^(CERT_|CRL_|DEPTH_ZERO_|EPROTO|ERR_SSL_|ERR_TLS_|HOSTNAME_|INVALID_CA|SELF_SIGNED_|UNABLE_TO_)/

/** The error and what caused it, outermost first. */
const chain = (error: unknown): ReadonlyArray<object> => {
  const errors: Array<object> = []
  for (let next = error; typeof next === "object" && next !== null && errors.length < 8;) {
    errors.push(next)
    next = "cause" in next ? next.cause : undefined
  }
  return errors
}

/** Only codes and the API host are shown: what else these errors say may name URLs and addresses. */
export const networkReason = (
  { reason }: HttpClientError.HttpClientError,
  host: string
): NotDuo | Tls | Transport => {
  const errors = chain(reason.cause)
  const codes = errors.flatMap((error) => "code" in error && typeof error.code === "string" ? [error.code] : [])
  const tls = codes.find((code) => tlsCodes.test(code))
  if (tls !== undefined) return new Tls({ detail: tls })
  const proxy = errors.flatMap((error) => "message" in error ? [proxyStatus(String(error.message))] : []).find(Boolean)
  if (proxy !== undefined) {
    const detail = `the proxy answered HTTP ${proxy}`
    return Number(proxy) >= 500 ? new Transport({ detail }) : new NotDuo({ detail })
  }
  return new Transport({ detail: `${host}: ${codes.at(-1) ?? "no connection"}` })
}

/** undici says it in words alone. */
const proxyStatus = (message: string): string | undefined => /^Proxy response \((\d{3})\)/.exec(message)?.[1]
