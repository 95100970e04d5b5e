/**
 * Decides what is sent to a collector. Spans, metrics and logs become JSON here, and lose every attribute that is not
 * in this list. The message and the stack of an error are never sent. Of the log lines, only the events are sent,
 * because their sentences have only counts and places; another line may quote somebody.
 */
import { Layer } from "effect"
import { HttpBody } from "effect/http"
import { OtlpSerialization } from "effect/observability"
import { withoutPaths } from "./Paths.ts"

const attributes = [
  "duo_mfa.count",
  "duo_mfa.limit",
  "duo_mfa.list",
  "duo_mfa.offset",
  "duo_mfa.pipeline",
  "duo_mfa.run_id",
  "duo_mfa.sink",
  "duo_mfa.reading",
  "duo_mfa.table",
  "duo_mfa.pages",
  "duo_mfa.stage",
  "duo_mfa.total",
  "duo_mfa.seen",
  "effect.fiber.interrupted",
  "error.type",
  "event.name",
  "exception.type",
  "http.request.method",
  "http.response.status_code",
  "process.exit.code",
  "server.address",
  "url.path"
]

const events = ["end", "progress", "retry"]

const isEvent = ({ attributes }: { readonly attributes: ReadonlyArray<KeyValue> }) =>
  attributes.some(({ key, value }) => key === "event.name" && events.includes(value.stringValue ?? ""))

interface KeyValue {
  readonly key: string
  readonly value: { readonly stringValue?: string }
}

const resource = [
  "service.name",
  "service.version",
  "telemetry.sdk.language",
  "telemetry.sdk.name",
  "telemetry.sdk.version"
]

/** The only encoder of request bodies. `asked` has the names of the resource attributes that the settings add. */
export const layer = (asked: ReadonlyArray<string>, dataDirectory: string) => {
  const known = new Set([...attributes, ...resource, ...asked])
  const cut = (key: string, value: unknown) => {
    if (key === "attributes" && Array.isArray(value)) return value.filter(({ key }) => known.has(key))
    if (key === "message") return undefined
    if (key === "logRecords" && Array.isArray(value)) return value.filter(isEvent)
    if (typeof value === "string") return withoutPaths(value, dataDirectory)
    return typeof value === "number" && !Number.isFinite(value) ? String(value) : value
  }
  const body = (data: object) => HttpBody.text(JSON.stringify(data, cut), "application/json")
  return Layer.succeed(OtlpSerialization.OtlpSerialization, { traces: body, metrics: body, logs: body })
}
