/** What `duo-mfa check` asks of Duo: the time, one signed call for a user, one for a bypass code. */
import { Effect, Option, Stream } from "effect"
import type { Finding } from "../Pipeline.ts"
import { BypassCodes } from "./BypassCodes.ts"
import { Client } from "./Client.ts"
import { Credentials } from "./Credentials.ts"
import type { DuoError } from "./Errors.ts"
import { skewed } from "./Explain.ts"
import { Users } from "./Users.ts"

const one = { pageSize: 1 }

const clock = (skew: number | null): string => {
  if (skew === null) return "Duo does not say what time it is."
  const by = `${Math.abs(skew)} s ${skew < 0 ? "behind" : "ahead of"} Duo's`
  return Math.abs(skew) < skewed ? `${by}, which is close enough.` : `${by}: set it (NTP).`
}

/** The findings in the order of asking; fails with what would fail an extraction. */
export const check: Effect.Effect<ReadonlyArray<Finding>, DuoError, BypassCodes | Client | Credentials | Users> = Effect
  .gen(function*() {
    const client = yield* Client
    const users = yield* Users
    const bypassCodes = yield* BypassCodes
    const { warnings } = yield* Credentials
    const skew = yield* client.clockSkew.pipe(
      Effect.catchIf(({ reason }) => reason._tag === "NotFound", () => Effect.succeed(null))
    )
    const page = yield* users.pages(one).pipe(Stream.runHead)
    const total = Option.getOrNull(Option.map(page, ({ total }) => total))
    const codes = yield* bypassCodes.pages(one).pipe(
      Stream.runHead,
      Effect.as("may be read."),
      Effect.catchTag("NotCollected", ({ detail }) => Effect.succeed(detail))
    )
    return [
      ...warnings.map((detail) => ({ subject: "settings", detail })),
      { subject: "host", detail: `${client.host} answers.` },
      { subject: "clock", detail: clock(skew) },
      { subject: "signature", detail: `${yield* client.signature} is accepted.` },
      { subject: "users", detail: `may be read (${yield* users.api})${total === null ? "" : `; there are ${total}`}.` },
      { subject: "bypass codes", detail: codes }
    ]
  })
