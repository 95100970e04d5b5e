/**
 * What a source keeps until it wants it again: text in one file, which loses its name before anything is written to it. So
 * nobody can open it, and when the process ends, however it ends, the system gives its room back.
 */
import { Effect, type FileSystem, type Path, type PlatformError, type Scope, Semaphore } from "effect"
import { tmpdir } from "node:os"
import type { Scratch } from "../Pipeline.ts"
import { inDataDirectory, RunError, Temporary } from "../RunError.ts"
import type { SinkReason } from "../Sink.ts"
import { reasonOf } from "./Files.ts"
import * as Private from "./Private.ts"

/** A part of the file, and how much of it is used. */
interface Place {
  readonly at: number
  readonly room: number
  readonly used: number
}

/** In a directory of the data directory. */
export const make = (directory: string, dataDirectory: string) =>
  makeIn(directory, (reason) => new RunError({ reason: inDataDirectory(dataDirectory, reason) }))

/** In a directory; `told` says what is wrong with it. */
const makeIn = Effect.fnUntraced(function*(directory: string, told: (reason: SinkReason) => RunError): Effect.fn.Return<
  Scratch,
  RunError,
  FileSystem.FileSystem | Path.Path | Scope.Scope
> {
  const orRunError = Effect.mapError((error: PlatformError.PlatformError) => told(reasonOf(error)))
  const file = yield* orRunError(Private.unnamed(directory))
  const { withPermit: alone } = yield* Semaphore.make(1)
  const places = new Map<string, Place>()
  const free: Array<Place> = []
  let end = 0

  /** A place that was given back, or the end of the file. */
  const placeFor = (size: number): Place => {
    const index = free.findIndex(({ room }) => room >= size)
    const [found = { at: end, room: size }] = index === -1 ? [] : free.splice(index, 1)
    end = Math.max(end, found.at + found.room)
    return { ...found, used: size }
  }

  const placeOf = (name: string) => Effect.fromNullishOr(places.get(name)).pipe(Effect.orDie)

  const give = Effect.fnUntraced(function*(name: string) {
    free.push(yield* placeOf(name))
    places.delete(name)
  })

  const write = Effect.fnUntraced(function*(name: string, text: string) {
    const bytes = Buffer.from(text)
    const place = placeFor(bytes.length)
    yield* file.seek(BigInt(place.at), "start")
    yield* file.writeAll(bytes)
    places.set(name, place)
  })

  const read = Effect.fnUntraced(function*(name: string) {
    const { at, used } = yield* placeOf(name)
    const bytes = Buffer.alloc(used)
    yield* file.seek(BigInt(at), "start")
    let done = 0
    while (done < used) {
      const more = yield* file.read(bytes.subarray(done))
      if (more === 0) return yield* Effect.die("a file without a name became shorter")
      done += more
    }
    return bytes.toString()
  })

  return {
    write: (name, text) => orRunError(alone(write(name, text))),
    read: (name) => orRunError(alone(read(name))),
    rename: (from, to) =>
      Effect.map(placeOf(from), (place) => {
        places.delete(from)
        places.set(to, place)
      }),
    remove: give
  }
})

/** One where the system has its temporary files. */
export const temporary = Effect.suspend(() => {
  const directory = tmpdir()
  return makeIn(directory, (reason) =>
    new RunError({
      reason: reason._tag === "CannotCreate"
        ? new Temporary({ directory, detail: reason.detail })
        : inDataDirectory(directory, reason)
    }))
})
