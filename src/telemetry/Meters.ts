/** The metrics of a run, for a collector. docs/observe.md has their names. */
import { Effect, Metric } from "effect"

/** The exporter takes the unit from the attribute `unit`. */
const gauge = (name: string, unit: string, description: string) =>
  Metric.gauge(name, { description, attributes: { unit } })

const counter = (name: string, unit: string, description: string) =>
  Metric.counter(name, { description, attributes: { unit }, incremental: true })

/** The boundaries are from OpenTelemetry's semantic conventions. */
const requests = Metric.histogram("http.client.request.duration", {
  description: "Requests to Duo, retries included, to the end of their answers",
  attributes: { unit: "s" },
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
})

/** Records the duration of a request. The outcome is the status of the answer, or the error if there was none. */
export const requested = (nanos: bigint, outcome: Readonly<Record<string, string | number>>) => {
  const attributes = Object.fromEntries(Object.entries(outcome).map(([name, value]) => [name, String(value)]))
  return Metric.update(Metric.withAttributes(requests, attributes), Number(nanos) / 1e9)
}

const retries = counter("duo_mfa.retries", "{request}", "Requests that are sent again, by what failed")

/** Counts a retry, by the tag of the error. */
export const retried = (error: string) => Metric.update(Metric.withAttributes(retries, { "error.type": error }), 1)

const pages = counter("duo_mfa.pages", "{page}", "Pages read in all readings, by list")

/** Counts a page of a list. */
export const paged = (list: string) => Metric.update(Metric.withAttributes(pages, { "duo_mfa.list": list }), 1)

const seconds = gauge("duo_mfa.run.duration", "s", "How long the run took")
const exitCode = gauge("duo_mfa.run.exit_code", "{code}", "What extract exits with")

/** Records the duration and the exit code of a run, even if it failed. */
export const ended = (nanos: bigint, exit: number) =>
  Effect.andThen(Metric.update(seconds, Number(nanos) / 1e9), Metric.update(exitCode, exit))

const objects = gauge("duo_mfa.run.objects", "{object}", "Users seen, or what else the pipeline extracts")
const counted = gauge("duo_mfa.run.counted", "{object}", "Those of them that the pipeline counts, by what for")
const complete = gauge("duo_mfa.run.complete", "{run}", "1 if the run was proved complete, else 0")
const rows = gauge("duo_mfa.run.rows", "{row}", "Rows, by table")
const bytes = gauge("duo_mfa.run.bytes", "By", "Bytes published, by sink")

const warnings = gauge("duo_mfa.run.warnings", "{warning}", "How often the run met what it warns of")

/** The result of a run. */
export interface RunResult {
  readonly seen: number
  readonly counts: ReadonlyArray<{ readonly name: string; readonly count: number }>
  readonly complete: boolean
  /** The number of rows by table. */
  readonly rows: Readonly<Record<string, number>>
  readonly sinks: ReadonlyArray<{ readonly name: string; readonly bytes: number }>
  /** How many times the run met what it warns about. */
  readonly warned: number
}

/** Records the result of a run that published, or that was a dry run. */
export const published = (came: RunResult) =>
  Effect.all([
    Metric.update(objects, came.seen),
    ...came.counts.map(({ count, name }) =>
      Metric.update(Metric.withAttributes(counted, { "duo_mfa.count": name }), count)
    ),
    Metric.update(complete, came.complete ? 1 : 0),
    ...Object.entries(came.rows).map(([table, count]) =>
      Metric.update(Metric.withAttributes(rows, { "duo_mfa.table": table }), count)
    ),
    Metric.update(warnings, came.warned),
    ...came.sinks.map((sink) => Metric.update(Metric.withAttributes(bytes, { "duo_mfa.sink": sink.name }), sink.bytes))
  ], { discard: true })
