/**
 * A record: a directory with what Duo answered in a run, for the run to be done again without Duo.
 *
 * - `run.json`: which run it was, and the settings that shaped it
 * - `00001.json`, `00002.json` and so on: what was asked, in the order of asking, and what came of it
 * - `00001.text`: the body of the answer, as it came
 *
 * No key and no signature is in it, and no request's header.
 */
import { Clock, Effect, Random, Result, Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import { instantOf, RunId } from "../../RunId.ts"
import { DuoReason } from "../DuoReason.ts"
import type { Client } from "../http/Client.ts"
import { apis, signatures } from "../http/Credentials.ts"
import { target } from "../http/Exchange.ts"
import { parseHost } from "../http/Host.ts"
import { canonicalParams } from "../http/Signature.ts"

/** Counts up when an older program could not read it. */
export const format = 1

/** The host of a tenant, as it would be in the settings. */
const Tenant = Schema.String.check(
  Schema.makeFilter((host) =>
    Result.match(parseHost(host, true), { onFailure: () => false, onSuccess: (to) => to.host === host })
  )
)

const count = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }))

/** Milliseconds of an instant that there is. */
const Instant = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8.64e15 }))

export const Run = Schema.Struct({
  format: Schema.Int,
  tool_version: Schema.String,
  pseudonymised: Schema.Boolean,
  /** The API host. */
  tenant: Tenant,
  /** As they were set. */
  signature: Schema.Literals(signatures),
  api: Schema.Literals(apis),
  run_id: RunId,
  observed_at: Schema.String,
  /** Null for the endpoint's maximum. */
  page_size: Schema.NullOr(count(500)),
  concurrency: count(16),
  /** Of what is left to chance: how long a retry waits. */
  seed: Schema.String
}).check(
  // a run is called after its instant, and its rows and its manifest are found by its name
  Schema.makeFilter(({ observed_at, run_id }) => {
    const instant = instantOf(run_id)
    return Number.isFinite(instant) && new Date(instant).toISOString() === observed_at
  })
)
export interface Run extends Schema.Schema.Type<typeof Run> {}

const Answered = Schema.Struct({
  status: Schema.Int.check(Schema.isBetween({ minimum: 100, maximum: 599 })),
  /** Those that mean something to this program. */
  headers: Schema.Record(Schema.String, Schema.String),
  /** When it was whole, in milliseconds. */
  now: Instant,
  /** How long it took, in milliseconds; a record of before does not say it. */
  duration: Schema.NullOr(Schema.Int).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null)))
})
const Failed = Schema.Struct({ failed: DuoReason })
/** The run ended, or needed the answer no more, before it came. */
const Interrupted = Schema.Struct({ interrupted: Schema.Literal(true) })

export const RecordedOutcome = Schema.Union([Answered, Failed, Interrupted])
export type RecordedOutcome = typeof RecordedOutcome.Type

/** One request and what came of it, but for the body of its answer. */
export const RecordEntry = Schema.Struct({ path: Schema.String, query: Schema.String, outcome: RecordedOutcome })
export interface RecordEntry extends Schema.Schema.Type<typeof RecordEntry> {}

export const runFile = "run.json"

/** The names of the files of the n-th request, from 1. */
export const entryFile = (n: number) => `${String(n).padStart(5, "0")}.json`
export const textFile = (n: number) => `${String(n).padStart(5, "0")}.text`

/** A record cannot be begun, or cannot be used. */
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
 * The client of a run that is recorded or done again: the chances that its retries take are the same both times, whatever
 * else is in flight, and time is that of the clock if there is one.
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
    clockSkew: client.clockSkew.pipe(steady("clock"))
  }
}
