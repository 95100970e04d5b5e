/**
 * Decides which hosts may get signed requests: Duo's hosts over https and, if a setting allows it, this machine over
 * http.
 */
import { Result, Schema } from "effect"
import { isLoopback } from "../../http/LoopbackName.ts"
import { inEnvironment } from "../SettingNames.ts"

/** `api-xxxxxxxx.duosecurity.com`, `api-xxxxxxxx.duofederal.com`, or loopback with an optional port; lower case. */
export const HostName = Schema.String.pipe(Schema.brand("duo-mfa/duo/HostName"))
export type HostName = typeof HostName.Type

export interface Host {
  readonly host: HostName
  /** The scheme, host and port of every request. */
  readonly origin: string
  readonly loopback: boolean
}

const duoHost = /^api-[a-z0-9]+\.(duosecurity|duofederal)\.com$/

/** A name, which may be an IPv6 address in brackets, and perhaps a port. */
const nameAndPort = /^(\[.*\]|[^:]*)(:\d{1,5})?$/

/** The host, or the sentence that says how to set it. */
export const parseHost = (
  name: string,
  allowLoopback: boolean,
  setting = inEnvironment.host
): Result.Result<Host, string> => {
  const lower = name.toLowerCase()
  if (duoHost.test(lower)) {
    return Result.succeed({ host: HostName.make(lower), origin: `https://${lower}`, loopback: false })
  }
  const host = lower === "::1" ? "[::1]" : lower
  if (isLoopback(nameAndPort.exec(host)?.[1] ?? "")) {
    if (!URL.canParse(`http://${host}`)) return Result.fail(`${setting} has an invalid port`)
    return allowLoopback
      ? Result.succeed({ host: HostName.make(host), origin: `http://${host}`, loopback: true })
      : Result.fail(`${setting} is this machine, which is allowed (over plain http) only with DUO_INSECURE_LOOPBACK=1`)
  }
  const hint = lower.includes("/") || lower.includes(":")
    ? ": the name alone, without https://, port and path"
    : lower.startsWith("admin-")
    ? ": that is the Admin Panel, the API hostname starts with api-"
    : ""
  return Result.fail(`Set ${setting} to the API hostname, api-xxxxxxxx.duosecurity.com or .duofederal.com${hint}`)
}
