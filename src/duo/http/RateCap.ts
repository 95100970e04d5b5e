/** A limit for the requests to many tenants together. Each tenant also has a rate plan of its own. */
import { Context, Effect } from "effect"
import { monotonic } from "./RatePlan.ts"

/** Waits until one more request may start. By default there is no limit. */
export const RateCap = Context.Reference<Effect.Effect<void>>("duo-mfa/duo/RateCap", {
  defaultValue: () => Effect.void
})

/** Makes a limit of so many requests a minute, at even distances. */
export const make = (perMinute: number) =>
  Effect.sync(() => {
    let next = 0
    return Effect.gen(function*() {
      const now = yield* monotonic
      const at = Math.max(now, next)
      next = at + 60_000 / perMinute
      if (at > now) yield* Effect.sleep(at - now)
    })
  })
