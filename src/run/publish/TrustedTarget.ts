/**
 * Decides whether a location that a manifest names may be used: it must be below the data directory, or this command
 * line must name it as well. Otherwise somebody who can put a file into the data directory could choose a host that
 * gets a password, or a path that is written.
 */
import { Effect, Path } from "effect"
import * as RealPath from "../../files/RealPath.ts"
import type { Sink, SinkServices } from "../../Sink.ts"
import type { Target } from "./ManifestFile.ts"

/** Whether the target is the standard output. After its process has ended there is nothing to recover. */
export const isStandardOutput = ({ location }: Target) => location === "-"

/** Whether another target is the same sink at the same location. */
export const isAt = ({ location, sink }: Target) => (other: Target) =>
  other.sink === sink && other.location === location

/** Whether this command names the target. */
export const isNamed = (named: ReadonlyArray<Target>, target: Target) => named.some(isAt(target))

/** The places where runs have published, each once, without the standard output. */
export const placesOf = (
  runs: ReadonlyArray<{ readonly sinks: ReadonlyArray<Target> }>
): ReadonlyArray<Target> => {
  const targets = runs.flatMap(({ sinks }) => sinks).filter((target) => !isStandardOutput(target))
  return [...new Map(targets.map(({ location, sink }) => [`${sink}:${location}`, { sink, location }])).values()]
}

/** A location without the options after a `?`. */
const withoutOptions = (location: string) => location.replace(/\?.*$/s, "")

/** Whether the target may be used. Real paths are compared, because a link can lead out of the data directory. */
export const isTrusted = Effect.fnUntraced(function*(
  { dataDirectory, sinks }: { readonly dataDirectory: string; readonly sinks: ReadonlyArray<Target> },
  { locate }: Sink,
  target: Target
): Effect.fn.Return<boolean, never, SinkServices> {
  if (isNamed(sinks, target)) return true
  // a location that is not a path cannot be below the data directory
  if (locate !== undefined) return false
  const path = yield* Path.Path
  for (const place of [target.location, withoutOptions(target.location)]) {
    const isWithin = Effect.orElseSucceed(RealPath.isWithin(dataDirectory, place), () => false)
    if (!path.isAbsolute(place) || !(yield* isWithin)) return false
  }
  return true
})
