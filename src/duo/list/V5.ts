/** Lists that Duo gives only to requests with version 5 of the signature: policies and integrations. */
import { Effect, Stream } from "effect"
import * as ClockSkew from "../ClockSkew.ts"
import { DuoError } from "../DuoError.ts"
import type { Client } from "../http/Client.ts"

/** Pages whose 401 has the clock's skew, and says if the settings ask for an older signature. */
export const withV5 = (client: Client["Service"]) => <A>(pages: Stream.Stream<A, DuoError>) =>
  pages.pipe(
    ClockSkew.withClockSkew(client),
    Stream.catchIf(({ reason }) => reason._tag === "Unauthorized", (error) =>
      Stream.fromEffect(Effect.gen(function*() {
        const signature = yield* client.signature
        return yield* signature.startsWith("v2")
          ? new DuoError({
            path: error.path,
            attempts: error.attempts,
            reason: error.reason,
            ofChild: error.ofChild,
            hint: `DUO_SIGNATURE=${signature} cannot be used here: Duo accepts only v5-sha512 for ${error.path}.`
          })
          : error
      })))
  )
