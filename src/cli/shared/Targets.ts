/** Turns `--sink NAME[:TARGET]` into a sink's name and an absolute location. */
import { Effect, Path, Runtime, Schema } from "effect"
import { Flag } from "effect/cli"
import { ExitCode } from "../../failure/ExitCode.ts"
import type { Target } from "../../run/publish/ManifestFile.ts"
import type { FindSink } from "../../run/publish/Recovery.ts"
import { Plugins } from "./Plugins.ts"

/** The same sink twice at the same place. */
export class SameTarget extends Schema.TaggedError<SameTarget>()("SameTarget", { target: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `${this.target} was named twice. Name every sink once, or give each a place of its own: --sink NAME:PATH.`
  }
}

/** The flag of commands that work where runs have written: those places are used that are inside, or that it names. */
export const outside = Flag.String("sink").pipe(
  Flag.withDescription(
    "A sink outside of the data directory that runs have written to; repeatable; default: only those inside"
  ),
  Flag.withMetavar("NAME[:TARGET]"),
  Flag.atLeast(0)
)

/** The targets of a run. A sink without a target has its place in the data directory. */
export const resolve = Effect.fnUntraced(function*(dataDirectory: string, asked: ReadonlyArray<string>) {
  const catalog = yield* Plugins
  const path = yield* Path.Path
  const targets: Array<Target> = []
  for (const text of asked) {
    const colon = text.indexOf(":")
    const name = colon === -1 ? text : text.slice(0, colon)
    const place = colon === -1 ? "" : text.slice(colon + 1)
    const sink = yield* catalog.findSink(name)
    const target = {
      // a manifest is read by later runs, which may start in another folder
      sink: /^\.{1,2}\//.test(name) ? path.resolve(name) : name,
      location: sink.locate !== undefined
        ? yield* sink.locate(place)
        : place === ""
        ? sink.location(dataDirectory)
        : place === "-"
        ? place
        : path.resolve(place)
    }
    if (targets.some((other) => other.sink === target.sink && other.location === target.location)) {
      return yield* new SameTarget({ target: `${target.sink}:${target.location}` })
    }
    targets.push(target)
  }
  return targets
})

/** Finds the sinks that a manifest may name: built-in ones, and those that this command line names. */
export const sinkFinder = (named: ReadonlyArray<Target>) =>
  Effect.map(
    Plugins,
    ({ findSink, ownSink }): FindSink => (name) =>
      named.some(({ sink }) => sink === name) ? findSink(name) : ownSink(name)
  )
