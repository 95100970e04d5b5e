/** Removes published files, and counts their bytes. */
import { Effect, FileSystem, Path } from "effect"
import type { Removal } from "../../Sink.ts"
import { sync } from "../Durable.ts"
import { reasonOf, statIfAny } from "../Platform.ts"

const decimal = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 })

/** A number of bytes for people, such as `1.2 MB`. */
export const format = (bytes: number) =>
  bytes < 1e6 ? `${decimal.format(bytes / 1e3)} kB` : `${decimal.format(bytes / 1e6)} MB`

/** Removes those of the files that exist, and the partitions that are empty then. The result is their bytes. */
export const remove = Effect.fnUntraced(function*(files: Iterable<string>, { dryRun }: Removal) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directories = new Set<string>()
  let bytes = 0
  for (const file of files) {
    const info = yield* statIfAny(file)
    if (info === undefined) continue
    bytes += Number(info.size)
    directories.add(path.dirname(file))
    if (!dryRun) yield* Effect.mapError(fs.remove(file, { force: true }), reasonOf)
  }
  if (dryRun) return bytes
  for (const directory of directories) {
    const isPartition = path.basename(directory).includes("=")
    const isEmpty = isPartition && (yield* Effect.mapError(fs.readDirectory(directory), reasonOf)).length === 0
    if (isEmpty) yield* Effect.mapError(fs.remove(directory, { recursive: true }), reasonOf)
    yield* Effect.mapError(sync(isEmpty ? path.dirname(directory) : directory), reasonOf)
  }
  return bytes
})
