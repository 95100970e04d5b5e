/** An OTLP collector on loopback, which keeps everything that it was sent. */
import { Effect } from "effect"
import { hook } from "./webhook.ts"

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

export interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: ReadonlyArray<Attribute>
  readonly events: ReadonlyArray<{ readonly name: string; readonly attributes: ReadonlyArray<Attribute> }>
  readonly status: { readonly code: number; readonly message?: string }
}

interface Point {
  readonly attributes: ReadonlyArray<Attribute>
  readonly asDouble?: number
  readonly count?: number
}

export interface Measured {
  readonly name: string
  readonly unit: string
  readonly kind: string
  readonly points: ReadonlyArray<Point>
}

export interface LogRecord {
  readonly severityText: string
  readonly body: { readonly stringValue?: string }
  readonly attributes: ReadonlyArray<Attribute>
  readonly traceId?: string
}

/** By name. */
export const valuesOf = (attributes: ReadonlyArray<Attribute>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

/** Starts a collector. It accepts everything, unless a test says how it answers. */
export const collect = Effect.fnUntraced(function*(...answer: Parameters<typeof hook>) {
  const { host, posts, told, url } = yield* hook(...answer)
  const bodies = (signal: string) =>
    posts.filter(({ path }) => path === `/v1/${signal}`).map(({ body }) => JSON.parse(body))
  const spans = (): ReadonlyArray<Span> =>
    bodies("traces").flatMap(({ resourceSpans: [{ scopeSpans: [{ spans }] }] }) => spans)
  const logs = (): ReadonlyArray<LogRecord> =>
    bodies("logs").flatMap(({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }) => logRecords)
  /** The metrics as they were sent last. */
  const metrics = (): ReadonlyArray<Measured> =>
    bodies("metrics").slice(-1).flatMap(({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }) => metrics).map(
      ({ gauge, histogram, name, sum, unit }) => ({
        name,
        unit,
        kind: sum ? "sum" : gauge ? "gauge" : "histogram",
        points: (sum ?? gauge ?? histogram).dataPoints
      })
    )
  return {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: url },
    host,
    logs,
    metrics,
    posts,
    spans,
    told,
    url,
    /** The value of a metric that has a single value. */
    value: (name: string) => metrics().find((metric) => metric.name === name)?.points[0]?.asDouble,
    /** The attributes of the record that says how the run ended. */
    end: () => logs().map(({ attributes }) => valuesOf(attributes)).find((values) => values["event.name"] === "end")
  }
})
