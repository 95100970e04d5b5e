/** `duo-mfa submit`: hands the tenants of a list to a fleet of workers, once a period, and tells how far they are. */
import { Duration, Effect, Option, Runtime, Schema } from "effect"
import { Command } from "effect/cli"
import { allowsLoopback } from "../duo/http/Credentials.ts"
import { ExitCode, mayPass } from "../failure/ExitCode.ts"
import type { State } from "../fleet/Board.ts"
import type { Period } from "../fleet/Submit.ts"
import * as Json from "../text/Json.ts"
import { flags } from "./extract/Flags.ts"
import { SomeTenantsFailed } from "./extract/RoundSummary.ts"
import * as TenantsFile from "./extract/TenantsFile.ts"
import * as FleetFlags from "./fleet/FleetFlags.ts"
import { duration } from "./shared/Duration.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** The time to wait is over, and some tenants are not done. */
export class StillWaiting extends Schema.TaggedError<StillWaiting>()("StillWaiting", {
  waiting: Schema.Int,
  tenants: Schema.Int
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.busy
  override get message() {
    return `${this.waiting} of ${this.tenants} tenants are not done yet. Submit again to see how far they are; if nothing moves, look whether a worker runs.`
  }
}

const stateOf = ({ failure, is_published }: State) =>
  is_published ? "published" : failure === null ? "waiting" : "failed"

const failureLine = ({ failure, tenant }: State) => `${tenant}  failed: ${failure?.message ?? ""}`

/** The result for people. */
const textOf = ({ again, period, states }: Period) => {
  const count = (state: string) => states.filter((one) => stateOf(one) === state).length
  const counts = ["published", "failed", "waiting"].flatMap((state) =>
    count(state) === 0 ? [] : `${count(state)} ${state}`
  )
  return [
    ...states.filter((state) => stateOf(state) === "failed").map(failureLine),
    ...again.map((state) => `${failureLine(state)} It is tried again.`),
    `${states.length} tenants, period from ${period.slice(0, 16).replace("T", " ")} UTC: ${counts.join(", ")}`
  ].join("\n")
}

/** The result for programs. */
const factsOf = ({ period, states }: Period) => ({
  period,
  tenants: states.map((state) => ({
    tenant: state.tenant,
    state: stateOf(state),
    ...state.failure === null
      ? {}
      : { error: state.failure.tag, message: state.failure.message, exit: state.failure.exit }
  }))
})

/** The failure of the tenants that are not published. */
const failureOf = ({ states }: Period) => {
  const [first, ...others] = states.flatMap(({ failure, tenant }) => failure === null ? [] : [{ failure, tenant }])
  if (first !== undefined) {
    return new SomeTenantsFailed({
      failed: [first.tenant, ...others.map(({ tenant }) => tenant)],
      tenants: states.length,
      mayPass: [first, ...others].every(({ failure }) => mayPass(failure.exit))
    })
  }
  const waiting = states.filter((state) => stateOf(state) === "waiting").length
  return waiting === 0 ? undefined : new StillWaiting({ waiting, tenants: states.length })
}

export const submit = Command.make(
  "submit",
  {
    pipeline: flags.pipeline,
    tenants: FleetFlags.tenants,
    every: duration("every", "How long a period is: a tenant is published once in each; default 1h"),
    database: FleetFlags.database,
    maxShrink: flags.maxShrink,
    allowEmpty: flags.allowEmpty,
    wait: duration("wait", "How long to wait until all are done, such as 30m; default: not at all"),
    json: flags.json
  },
  Effect.fnUntraced(function*({ allowEmpty, database, every, json, maxShrink, pipeline, tenants: file, wait }) {
    const fleet = yield* Effect.promise(() => import("../fleet/Submit.ts"))
    const tenants = yield* TenantsFile.read(file, yield* allowsLoopback)
    const period = yield* fleet.submit(database, {
      pipeline,
      tenants: tenants.map(({ name }) => name),
      every: Option.getOrElse(every, () => Duration.hours(1)),
      allowEmpty,
      maxShrink: Option.getOrUndefined(maxShrink),
      wait: Option.getOrUndefined(wait)
    })
    yield* Stdout.print(json ? Json.stringify(factsOf(period)) : textOf(period))
    const failure = Option.isSome(wait) ? failureOf(period) : undefined
    if (failure !== undefined) return yield* failure
  })
).pipe(
  Command.withDescription("Hand the tenants of a list to a fleet of workers, once a period, and see how far they are"),
  Command.withExamples([
    {
      command: "duo-mfa submit --tenants customers.toml --every 1h",
      description: "From a scheduler, once an hour or more often"
    }
  ])
)
