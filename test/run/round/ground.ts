/** A pipeline of people whose tenants a test describes, and rounds of it into real sinks. */
import { Config, ConfigProvider, Context, Duration, Effect, Result } from "effect"
import duckdb from "../../../sinks/duckdb.ts"
import ndjson from "../../../sinks/ndjson.ts"
import parquet from "../../../sinks/parquet.ts"
import type { ExpectedFailure } from "../../../src/failure/ExpectedFailure.ts"
import type { Pipeline } from "../../../src/Pipeline.ts"
import * as Round from "../../../src/run/round/Round.ts"
import type * as Run from "../../../src/run/Run.ts"
import type { Sink } from "../../../src/Sink.ts"
import * as RowPipeline from "../../support/row-pipeline.ts"
import { people } from "../spy-sink.ts"

/** The people of each tenant, or the failure of reading it, or a reading that never ends. */
export type Tenants = Readonly<Record<string, ReadonlyArray<string> | ExpectedFailure | Effect.Effect<never>>>

export const hostOf = (name: string) => `api-${name}.duosecurity.com`

/** A pipeline that asks the host of its settings, for tenants by host. */
export const pipelineOf = (tenants: Tenants): Pipeline => {
  const made = (users: ReadonlyArray<string>, tenant: string, after: Effect.Effect<void> = Effect.void) =>
    RowPipeline.make({
      name: "people",
      tables: [people],
      tenant,
      after,
      rows: (stamp) => [{ people: users.map((user_id) => ({ ...stamp, user_id })) }]
    })
  return {
    ...made([], "nobody"),
    connect: Effect.gen(function*() {
      const host = yield* Effect.orDie(Config.String("DUO_HOST"))
      const found = tenants[host] ?? []
      if (Effect.isEffect(found)) return yield* made([], host, found).connect
      return "length" in found ? yield* made(found, host).connect : yield* Effect.fail(found)
    })
  }
}

const sinks: ReadonlyArray<Sink> = [duckdb, parquet, ndjson]

export const optionsOf = (dataDirectory: string, others: ReadonlyArray<Sink> = []): Run.RunOptions => ({
  dataDirectory,
  sinks: [...sinks, ...others].map((sink) => ({ sink: sink.name, location: sink.location(dataDirectory) })),
  findSink: (name) => {
    const found = [...sinks, ...others].find((sink) => sink.name === name)
    return found === undefined ? Effect.die(`no sink ${name}`) : Effect.succeed(found)
  },
  toolVersion: "0",
  pageSize: undefined,
  concurrency: 1,
  allowEmpty: false
})

/** Runs a round of tenants, by name. The host of each is made of its name, unless another name is given for it. */
export const round = (
  dataDirectory: string,
  tenants: Tenants,
  { atOnce = 2, hosts = {}, isNamedByDuo = false, sinks = [] }: {
    readonly atOnce?: number
    readonly isNamedByDuo?: boolean
    readonly hosts?: Readonly<Record<string, string>>
    readonly sinks?: ReadonlyArray<Sink>
  } = {}
) => {
  const of = (name: string) => hostOf(hosts[name] ?? name)
  const names = Object.keys(tenants)
  return Round.run(
    pipelineOf(Object.fromEntries(Object.entries(tenants).map(([name, people]) => [of(name), people]))),
    names.map((name) => ({
      name,
      host: of(name),
      isNamedByDuo,
      settings: Context.make(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown({ DUO_HOST: of(name) }))
    })),
    {
      ...optionsOf(dataDirectory, sinks),
      atOnce,
      tenantTimeout: Duration.hours(1),
      known: names,
      onTenant: () => Effect.void
    }
  )
}

/** The tag of each tenant's failure; undefined if it is published. */
export const failures = ({ tenants }: Round.RoundResult) =>
  Object.fromEntries(
    tenants.map(({ result, tenant }) => [tenant, Result.isFailure(result) ? result.failure._tag : undefined])
  )
