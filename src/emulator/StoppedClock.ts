/** A clock that always shows the same instant. Sleeping takes real time. */
import { Clock, Effect } from "effect"

/** In milliseconds since 1970. */
export const at = (instant: number) =>
  Effect.map(Clock.Clock, (clock): Clock.Clock =>
    Object.assign(Object.create(clock), {
      currentTimeMillisUnsafe: () => instant,
      currentTimeMillis: Effect.succeed(instant)
    }))
