/** Measures the first load of an authentication log into Parquet, beside Duo's Python client with a loop around it. */
import { Console, Effect, FileSystem, Schema } from "effect"
import * as Contenders from "./Contenders.ts"
import * as Processes from "./Processes.ts"
import { alone, compared } from "./Table.ts"

export interface Options {
  readonly logins: number
  readonly days: number
  readonly rounds: number
}

export const full: Options = { logins: 1_000_000, days: 100, rounds: 1 }
export const quick: Options = { logins: 50_000, days: 5, rounds: 1 }

const Served = Schema.fromJsonString(
  Schema.Struct({ host: Schema.String, from: Schema.Int, to: Schema.Int, logins: Schema.Int })
)
const Counted = Schema.fromJsonString(Schema.Struct({ logins: Schema.Int }))

const dayOf = (millis: number) => new Date(millis).toISOString().slice(0, 10)

export const measure = Effect.fnUntraced(function*({ days, logins, rounds }: Options) {
  const fs = yield* FileSystem.FileSystem
  const folder = fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
  yield* Console.error(`${logins} logins of ${days} days`)
  const python = yield* Contenders.pythonProgram
  const line = yield* Processes.serve(`${import.meta.dirname}/serve-log.ts`, [
    yield* folder,
    String(logins),
    String(days)
  ])
  const served = yield* Schema.decodeEffect(Served)(line)
  const tenant = { host: served.host, ikey: "DIBENCHBENCHBENCHBEN", skey: "b".repeat(40) }
  const range = ["--from", dayOf(served.from), "--to", dayOf(served.to)]

  const ours = Effect.gen(function*() {
    const args = ["extract", "auth", "--json", "--sink", "parquet", ...range]
    const { stdout, used } = yield* Processes.measure(Processes.duoMfa(tenant, yield* folder, args))
    const { complete, rows } = yield* Processes.summary(stdout)
    if (!complete || rows["authentications"] !== served.logins) {
      return yield* Effect.die(new Error(`read ${rows["authentications"]} of ${served.logins} logins`))
    }
    return used
  }).pipe(Effect.scoped)
  const theirs = Effect.gen(function*() {
    const args = [served.host, yield* folder, String(served.from), String(served.to)]
    const { stdout, used } = yield* Processes.measure(python("log_client.py", args))
    const { logins: read } = yield* Schema.decodeEffect(Counted)(stdout)
    if (read !== served.logins) return yield* Effect.die(new Error(`the client read ${read} logins`))
    return used
  }).pipe(Effect.scoped)

  const measured = yield* Effect.forEach(
    Array.from({ length: rounds }),
    () => Effect.all({ ours, reference: theirs })
  )
  const of = (field: keyof Processes.Used) =>
    measured.map(({ ours, reference }) => ({ ours: ours[field], reference: reference[field] }))
  return [
    compared(`${logins} logins of ${days} days into Parquet, processor time; duo_client for Python`, "s", of("cpu")),
    compared("… wall", "s", of("wall")),
    compared("… peak memory", "MB", of("peak")),
    alone("… our peak memory", "MB", measured.map(({ ours }) => ours.peak), 512)
  ]
}, Effect.scoped)
