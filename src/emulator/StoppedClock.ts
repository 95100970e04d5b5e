/** A clock that stands still at an instant: whoever asks is told that one, and who sleeps sleeps. */
import { Clock, Effect } from "effect"

/** In milliseconds since 1970. */
export const at = (instant: number) =>
  Effect.map(Clock.Clock, (clock): Clock.Clock =>
    Object.assign(Object.create(clock), {
      currentTimeMillisUnsafe: () => instant,
      currentTimeMillis: Effect.succeed(instant)
    }))
