/**
 * Writes how `extract` ended to a file that the node exporter of Prometheus reads. Everybody may read the file, because
 * the exporter is another user; it has the names of tenants, and numbers, and nothing about a person.
 */
import { Effect, FileSystem, Result, Runtime } from "effect"
import * as Files from "../../../files/Files.ts"
import * as Private from "../../../files/Private.ts"
import { objectsOf, type Outcome, timesWarned } from "../../../Outcome.ts"
import type { TenantResult } from "../../../run/round/Round.ts"
import * as Prometheus from "../../../text/Prometheus.ts"

/** How the command ended. */
export interface Ended {
  readonly pipeline: string
  /** Undefined if the command is for many tenants, or does not know the host of its own. */
  readonly tenant: string | undefined
  readonly exit: number
  readonly seconds: number
  /** In milliseconds since 1970. */
  readonly at: number
  /** What became of each tenant; empty if the command failed before it could say. */
  readonly tenants: ReadonlyArray<TenantResult>
}

const lastSuccess = "duo_mfa_last_success_timestamp_seconds"
const lastPublished = "duo_mfa_last_published_timestamp_seconds"

/** Times that a file keeps from the file that it replaces, until the next time. */
interface Times {
  /** When the command last ended with 0. */
  readonly succeeded: number | undefined
  /** When it last published every tenant. */
  readonly published: number | undefined
}

/** The gauges about the command. */
const ofCommand = ({ exit, pipeline, seconds, tenant }: Ended, { published, succeeded }: Times) => {
  const labels = { pipeline, ...tenant === undefined ? {} : { tenant } }
  const gauge = (name: string, help: string, value: number | undefined): Prometheus.Gauge => ({
    name,
    help,
    samples: value === undefined ? [] : [{ labels, value }]
  })
  return [
    gauge("duo_mfa_run_success", "1 if extract ended with exit 0, else 0.", exit === 0 ? 1 : 0),
    gauge("duo_mfa_run_exit_code", "The exit code of extract.", exit),
    gauge("duo_mfa_run_duration_seconds", "How long extract took.", seconds),
    gauge(lastSuccess, "When extract last ended with exit 0.", succeeded),
    gauge(lastPublished, "When extract last published every tenant.", published)
  ]
}

/** The gauges about each tenant. */
const ofTenants = ({ pipeline, tenants }: Ended) => {
  const published = tenants.flatMap(({ result, tenant }) =>
    Result.isSuccess(result) ? [{ labels: { pipeline, tenant }, outcome: result.success }] : []
  )
  /** A value of each tenant, and of each value of one more label. */
  const split = (
    name: string,
    help: string,
    label: string,
    values: (outcome: Outcome) => Readonly<Record<string, number>>
  ): Prometheus.Gauge => ({
    name,
    help,
    samples: published.flatMap(({ labels, outcome }) =>
      Object.entries(values(outcome)).map(([name, value]) => ({ labels: { ...labels, [label]: name }, value }))
    )
  })
  const gauge = (name: string, help: string, value: (outcome: Outcome) => number | undefined): Prometheus.Gauge => ({
    name,
    help,
    samples: published.flatMap(({ labels, outcome }) => {
      const found = value(outcome)
      return found === undefined ? [] : [{ labels, value: found }]
    })
  })
  const exits: Prometheus.Gauge = {
    name: "duo_mfa_tenant_exit_code",
    help: "0 if the tenant was published, else the exit code of its failure.",
    samples: tenants.map(({ result, tenant }) => ({
      labels: { pipeline, tenant },
      value: Result.isSuccess(result) ? 0 : result.failure[Runtime.errorExitCode]
    }))
  }
  return [
    exits,
    gauge("duo_mfa_complete", "1 if it was proved that the run saw everything, else 0.", ({ complete }) => +complete),
    gauge("duo_mfa_users", "Users that the run saw.", (outcome) => {
      const { seen, what } = objectsOf(outcome)
      return what === "users" ? seen : undefined
    }),
    gauge(
      "duo_mfa_objects",
      "What the run saw: users, or what else the pipeline extracts.",
      (outcome) => objectsOf(outcome).seen
    ),
    split(
      "duo_mfa_counted",
      "Those of them that have the property.",
      "property",
      ({ counts }) => Object.fromEntries(counts.map(({ count, name }) => [name, count]))
    ),
    split("duo_mfa_rows", "Rows of the table.", "table", ({ rows }) => rows),
    gauge("duo_mfa_changed", "Objects that changed while they were read.", ({ changed }) => changed),
    gauge("duo_mfa_requests", "Requests to Duo, retries included.", ({ requests }) => requests),
    gauge("duo_mfa_retries", "Requests that were sent again.", ({ retries }) => retries),
    gauge("duo_mfa_unknown_values", "Values that this version does not know.", (_) => _.unknown_values),
    gauge("duo_mfa_warnings", "How often the run found something that it warns of.", timesWarned)
  ]
}

/** The time of this pipeline in the text of an earlier file. */
const timeIn = (text: string, name: string, pipeline: string) => {
  const start = Prometheus.series(name, { pipeline }).slice(0, -1)
  const line = text.split("\n").find((line) => line.startsWith(start)) ?? ""
  const seconds = Number(line.slice(line.lastIndexOf(" ") + 1))
  return line !== "" && Number.isFinite(seconds) ? seconds : undefined
}

/** Replaces the file as a whole. If that fails there is a warning, and the exit code of the run stays the same. */
export const write = Effect.fnUntraced(function*(file: string, ended: Ended) {
  const isPublished = ended.tenants.length > 0 && ended.tenants.every(({ result }) => Result.isSuccess(result))
  const before = yield* (yield* FileSystem.FileSystem).readFileString(file).pipe(Effect.orElseSucceed(() => ""))
  const time = (isNow: boolean, name: string) => isNow ? ended.at / 1000 : timeIn(before, name, ended.pipeline)
  const times = { succeeded: time(ended.exit === 0, lastSuccess), published: time(isPublished, lastPublished) }
  yield* Private.writePublic(file, Prometheus.format([...ofCommand(ended, times), ...ofTenants(ended)])).pipe(
    Effect.catch((error) => {
      const reason = Files.reasonOf(error)
      const why = "detail" in reason ? reason.detail : reason._tag
      return Effect.logWarning(`The metrics cannot be written to ${file}: ${why}`)
    })
  )
})
