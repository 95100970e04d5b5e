/**
 * Reads OpenTelemetry's own settings, which name the collector (OTLP). Without a collector, no telemetry is sent. A
 * collector is usually on this machine or in the same cluster, so plain http is allowed: telemetry has nothing about
 * people.
 */
import { Config, Effect, Redacted, Runtime, Schema } from "effect"
import { ExitCode } from "../failure/ExitCode.ts"
import { isPlainLoopback } from "../http/LoopbackName.ts"

const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"

/** A setting of telemetry is malformed. */
export class BadCollector extends Schema.TaggedError<BadCollector>()("BadCollector", {
  setting: Schema.String,
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `${this.setting} ${this.detail}. No telemetry is sent without ${endpoint}.`
  }
}

export interface Collector {
  /** Without a slash at the end. */
  readonly url: string
  readonly host: string
  /** Whether it is this machine, over plain http. */
  readonly loopback: boolean
  /** Redacted, because a header may have a key. */
  readonly headers: Redacted.Redacted<Readonly<Record<string, string>>>
  readonly serviceName: string
  readonly attributes: Readonly<Record<string, string>>
}

const parse = (text: string): Pick<Collector, "url" | "host" | "loopback"> | string => {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return "must be the http:// or https:// URL of a collector, as http://localhost:4318"
  }
  if (url.username !== "" || url.password !== "") {
    return "must have no user name and no password in it; a key belongs in OTEL_EXPORTER_OTLP_HEADERS"
  }
  if (url.search !== "" || url.hash !== "") return "must end with its path, because v1/traces is added to it"
  return {
    url: url.href.replace(/\/+$/, ""),
    host: url.host,
    loopback: isPlainLoopback(url)
  }
}

const text = (name: string) =>
  Config.String(name).pipe(Config.withDefault(""), Effect.orDie, Effect.map((text) => text.trim()))

/** Reads `KEY=VALUE,KEY=VALUE`, percent-encoded. The error does not quote the text, because it may have a key. */
const pairs = Effect.fnUntraced(function*(setting: string) {
  const entries = (yield* text(setting)).split(",").filter((entry) => entry.trim() !== "")
  const malformed = new BadCollector({ setting, detail: "must be KEY=VALUE,KEY=VALUE, percent-encoded" })
  if (!entries.every((entry) => /^\s*[^=\s]+\s*=/.test(entry))) return yield* malformed
  return yield* Effect.try({
    try: (): Readonly<Record<string, string>> =>
      Object.fromEntries(entries.map((entry) => {
        const equals = entry.indexOf("=")
        return [entry.slice(0, equals), entry.slice(equals + 1)].map((part) => decodeURIComponent(part.trim()))
      })),
    catch: () => malformed
  })
})

/** The collector of the settings; undefined if they name none. */
export const collector = Effect.gen(function*(): Effect.fn.Return<Collector | undefined, BadCollector> {
  const asked = yield* text(endpoint)
  if (asked === "") return undefined
  const found = parse(asked)
  if (typeof found === "string") return yield* new BadCollector({ setting: endpoint, detail: found })
  const setting = "OTEL_EXPORTER_OTLP_HEADERS"
  const headers = yield* pairs(setting)
  yield* Effect.try({
    try: () => new Headers(headers),
    catch: () => new BadCollector({ setting, detail: "has a header that HTTP does not allow" })
  })
  const { "service.name": named = "duo-mfa", ...attributes } = yield* pairs("OTEL_RESOURCE_ATTRIBUTES")
  const serviceName = (yield* text("OTEL_SERVICE_NAME")) || named
  return { ...found, headers: Redacted.make(headers), serviceName, attributes }
})
