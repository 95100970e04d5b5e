/**
 * Where a file in the data directory may lead: to a place below the data directory, or to one that this very command line
 * names as well. Whoever can plant a file there chooses neither a host that is sent a password nor a path that is written.
 */
import { Effect, Path } from "effect"
import * as RealPath from "../../files/RealPath.ts"
import type { Sink, SinkServices } from "../../Sink.ts"
import type { Target } from "./Manifest.ts"

/** Whether the target is the standard output, of which nothing is left when its process has ended. */
export const isStandardOutput = ({ location }: Target) => location === "-"

/** Whether this command names the target. */
export const isNamed = (named: ReadonlyArray<Target>, { location, sink }: Target) =>
  named.some((other) => other.sink === sink && other.location === location)

/** A target without what it may say after a `?`. */
const withoutOptions = (location: string) => location.replace(/\?.*$/s, "")

/** Whether the target may be followed, by real paths. */
export const isTrusted = Effect.fnUntraced(function*(
  { dataDirectory, sinks }: { readonly dataDirectory: string; readonly sinks: ReadonlyArray<Target> },
  { locate }: Sink,
  target: Target
): Effect.fn.Return<boolean, never, SinkServices> {
  if (isNamed(sinks, target)) return true
  // what is no path cannot be below the data directory
  if (locate !== undefined) return false
  const path = yield* Path.Path
  for (const place of [target.location, withoutOptions(target.location)]) {
    const isWithin = Effect.orElseSucceed(RealPath.isWithin(dataDirectory, place), () => false)
    if (!path.isAbsolute(place) || !(yield* isWithin)) return false
  }
  return true
})
