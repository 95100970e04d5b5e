/**
 * Reads the proxies of the environment as other programs do: a lower-case name wins, and `host:3128` means plain http.
 */
import { Effect, Runtime, Schema } from "effect"
import { ExitCode } from "../failure/ExitCode.ts"

/** A proxy cannot be used. The message does not quote its URL, because the URL may have a password. */
export class BadProxy extends Schema.TaggedError<BadProxy>()("BadProxy", {
  setting: Schema.String,
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `${this.setting} ${this.detail}. Name an HTTP proxy, as http://HOST:3128, or unset it.`
  }
}

/** The URL of a proxy; "" if the environment names none. */
const named = Effect.fnUntraced(function*(lower: string) {
  const setting = process.env[lower] === undefined ? lower.toUpperCase() : lower
  const text = (process.env[setting] ?? "").trim()
  if (text === "") return ""
  const url = URL.parse(text.includes("://") ? text : `http://${text}`)
  if (url === null) return yield* new BadProxy({ setting, detail: "is not the URL of a proxy" })
  if (url.protocol.startsWith("socks")) {
    return yield* new BadProxy({ setting, detail: "is a SOCKS proxy, which is not supported" })
  }
  if (!/^https?:$/.test(url.protocol)) {
    return yield* new BadProxy({ setting, detail: "is a proxy of a kind that is not supported" })
  }
  return url.href
})

/** The proxies for http and https. If https has no proxy of its own, it uses the one of http. */
export const ofEnvironment = Effect.map(
  Effect.all([named("http_proxy"), named("https_proxy")]),
  ([httpProxy, httpsProxy]) => ({ httpProxy, httpsProxy: httpsProxy || httpProxy })
)
