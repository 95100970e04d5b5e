/**
 * Describes a record: a directory with Duo's answers in a run, from which the run can be replayed without Duo.
 *
 * - `run.json`: the run and its settings
 * - `00001.json`, `00002.json` and so on: the requests in their order, and the outcome of each
 * - `00001.text` and so on: the body of the answer
 *
 * A record has no key, no signature and no header of a request.
 */
import { Clock, Effect, Random, Result, Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import { instantOf, RunId } from "../../RunId.ts"
import { DuoReason } from "../DuoReason.ts"
import type { Client } from "../http/Client.ts"
import { apis, signatures } from "../http/Credentials.ts"
import { accountListPath, target } from "../http/Exchange.ts"
import { parseHost } from "../http/Host.ts"
import { canonicalParams } from "../http/Signature.ts"

/** The format of a record. It grows whenever an older program could not read a new record. */
export const format = 1

/** The host of a tenant, as the settings accept it. */
const Tenant = Schema.String.check(
  Schema.makeFilter((host) =>
    Result.match(parseHost(host, true), { onFailure: () => false, onSuccess: (to) => to.host === host })
  )
)

const count = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }))

/** A Unix time in milliseconds that a `Date` can hold. */
const Instant = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8.64e15 }))

export const Run = Schema.Struct({
  format: Schema.Int,
  tool_version: Schema.String,
  pseudonymised: Schema.Boolean,
  /** The API host. */
  tenant: Tenant,
  /** The settings of the run. */
  signature: Schema.Literals(signatures),
  api: Schema.Literals(apis),
  run_id: RunId,
  observed_at: Schema.String,
  /** Null for the endpoint's maximum. */
  page_size: Schema.NullOr(count(500)),
  concurrency: count(16),
  /** The part of a log that was read, in milliseconds since 1970; null for a snapshot. */
  window: Schema.NullOr(Schema.Struct({ from: Instant, to: Instant })).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(null))
  ),
  /** The seed of the random numbers, which decide how long a retry waits. */
  seed: Schema.String
}).check(
  // a run's id has its instant, and its rows and its manifest are found by its id
  Schema.makeFilter(({ observed_at, run_id }) => {
    const instant = instantOf(run_id)
    return Number.isFinite(instant) && new Date(instant).toISOString() === observed_at
  })
)
export interface Run extends Schema.Schema.Type<typeof Run> {}

const Answered = Schema.Struct({
  status: Schema.Int.check(Schema.isBetween({ minimum: 100, maximum: 599 })),
  /** The headers that the program reads. */
  headers: Schema.Record(Schema.String, Schema.String),
  /** The Unix time in milliseconds at which the answer was whole. */
  now: Instant,
  /** Milliseconds from the request to the end of the answer; null in a record of an older version. */
  duration: Schema.NullOr(Schema.Int).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null)))
})
const Failed = Schema.Struct({ failed: DuoReason })
/** The run ended, or no longer needed the answer, before the answer came. */
const Interrupted = Schema.Struct({ interrupted: Schema.Literal(true) })

export const RecordedOutcome = Schema.Union([Answered, Failed, Interrupted])
export type RecordedOutcome = typeof RecordedOutcome.Type

/** A request and its outcome, without the body of the answer. */
export const RecordEntry = Schema.Struct({ path: Schema.String, query: Schema.String, outcome: RecordedOutcome })
export interface RecordEntry extends Schema.Schema.Type<typeof RecordEntry> {}

export const runFile = "run.json"

/** The names of the files of the n-th request, counted from 1. */
export const entryFile = (n: number) => `${String(n).padStart(5, "0")}.json`
export const textFile = (n: number) => `${String(n).padStart(5, "0")}.text`

/** A record cannot be made, or cannot be replayed. */
export class RecordError extends Schema.TaggedError<RecordError>()("RecordError", {
  flag: Schema.Literals(["--record", "--replay"]),
  directory: Schema.String,
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = this.flag === "--record" ? ExitCode.cannotCreate : ExitCode.config
  override get message() {
    return this.flag === "--record"
      ? `No record can be made in ${this.directory}: ${this.detail}. Name a directory with --record that is new or empty.`
      : `The record in ${this.directory} cannot be replayed: ${this.detail}. Nothing was published.`
  }
}

/**
 * The client of a run that is recorded or replayed. The random numbers of its retries are the same both times, for
 * every request, whatever else is in flight. If there is a clock, it is used in place of the machine's.
 */
export const repeatable = (seed: string, clock?: Clock.Clock) => (client: Client["Service"]): Client["Service"] => {
  const steady = (request: string) => <A, E>(effect: Effect.Effect<A, E>) => {
    const seeded = Random.withSeed(effect, `${seed} ${request}`)
    return clock === undefined ? seeded : Effect.provideService(seeded, Clock.Clock, clock)
  }
  return {
    ...client,
    call: (path, params, isKnown) =>
      client.call(path, params, isKnown).pipe(steady(target({ path, query: canonicalParams(params) }))),
    accounts: client.accounts.pipe(steady(accountListPath)),
    clockSkew: client.clockSkew.pipe(steady("clock"))
  }
}
