/** The part of `duo-mfa check` that asks Duo: for its time, and with one signed call for an object of each list. */
import { Clock, Effect, Option, Stream } from "effect"
import type { Finding } from "../Pipeline.ts"
import type { DuoError } from "./DuoError.ts"
import { skewSecondsMax } from "./Explain.ts"
import { Client } from "./http/Client.ts"
import { RetryUnknownHost } from "./http/Retry.ts"
import { Admins } from "./list/Admins.ts"
import { BypassCodes } from "./list/BypassCodes.ts"
import { DuoPolicies } from "./list/DuoPolicies.ts"
import { Integrations } from "./list/Integrations.ts"
import { orNotCollected } from "./list/NotCollected.ts"
import type { Page } from "./list/Pages.ts"
import { PolicySummaries } from "./list/PolicySummaries.ts"
import { Users } from "./list/Users.ts"
import { AuthenticationLog } from "./log/AuthenticationLog.ts"

const one = { pageSize: 1 }

const clock = (skew: number | null): string => {
  if (skew === null) return "Duo does not say what time it is."
  const by = `${Math.abs(skew)} s ${skew < 0 ? "behind" : "ahead of"} Duo's`
  return Math.abs(skew) < skewSecondsMax ? `${by}, which is close enough.` : `${by}: set it (NTP).`
}

/** The end of a sentence that says how many objects a list has, or "" if Duo does not say. */
const totalOf = Effect.fnUntraced(function*(pages: Stream.Stream<Page, DuoError>) {
  const total = Option.getOrNull(Option.map(yield* Stream.runHead(pages), (page) => page.content.total))
  return total === null ? "" : `; there are ${total}`
})

/**
 * The findings in the order of the calls, `lists` last. Fails with the error with which an extraction would fail, but does
 * not retry if the host does not exist.
 */
const check = <R>(lists: Effect.Effect<ReadonlyArray<Finding>, DuoError, R>) =>
  Effect.gen(function*() {
    const client = yield* Client
    const skew = yield* client.clockSkew.pipe(
      Effect.catchIf(({ reason }) => reason._tag === "NotFound", () => Effect.succeed(null))
    )
    const found = yield* lists
    return [
      { subject: "host", detail: `${client.host} answers.` },
      { subject: "clock", detail: clock(skew) },
      { subject: "signature", detail: `${yield* client.signature} is accepted.` },
      ...found
    ]
  }).pipe(Effect.provideService(RetryUnknownHost, false))

/** Checks that the keys may read users and bypass codes. */
export const users = check(Effect.gen(function*() {
  const users = yield* Users
  const bypassCodes = yield* BypassCodes
  const total = yield* totalOf(users.pages(one))
  const codes = yield* bypassCodes.pages(one).pipe(
    Stream.runHead,
    Effect.as("may be read."),
    Effect.catchTag("NotCollected", ({ detail }) => Effect.succeed(detail))
  )
  return [
    { subject: "users", detail: `may be read (${yield* users.api})${total}.` },
    { subject: "bypass codes", detail: codes }
  ]
}))

/** Checks that the keys may read policies. */
export const policies = check(Effect.gen(function*() {
  return [{ subject: "policies", detail: `may be read${yield* totalOf((yield* DuoPolicies).pages(one))}.` }]
}))

/** Checks that the keys may read integrations, policies, and where the policies are applied. */
export const integrations = check(Effect.gen(function*() {
  const total = yield* totalOf((yield* Integrations).pages(one))
  const policies = (yield* DuoPolicies).pages(one).pipe(orNotCollected("Policies"))
  const found = yield* Stream.runDrain(Stream.concat(Stream.take(policies, 1), (yield* PolicySummaries).pages)).pipe(
    Effect.as("may be read."),
    Effect.catchTag("NotCollected", ({ detail }) => Effect.succeed(detail))
  )
  return [
    { subject: "integrations", detail: `may be read${total}.` },
    { subject: "their policies", detail: found }
  ]
}))

/** Checks that the keys may read administrators. */
export const admins = check(Effect.gen(function*() {
  return [{ subject: "administrators", detail: `may be read${yield* totalOf((yield* Admins).pages(one))}.` }]
}))

const hour = 3_600_000

/** Checks that the keys may read the authentication log, with a count of the last hour. */
export const logins = check(Effect.gen(function*() {
  const to = (yield* Clock.currentTimeMillis) - 120_000
  const count = yield* (yield* AuthenticationLog).count({ from: to - hour, to })
  const many = typeof count === "number" ? `; there are ${count} of the last hour` : ""
  return [{ subject: "logins", detail: `may be read${many}.` }]
}))
