/**
 * Staged files: a run writes them beside their targets, under names with its id, and flushes them to the disk.
 * Publishing only renames them, so it cannot fail because the disk is full or a permission is missing.
 */
import { Effect, FileSystem, Path, Schema, type Scope, Stream } from "effect"
import { CannotCreate, Corrupt, SinkError, type SinkReason } from "../failure/SinkError.ts"
import type { SinkServices } from "../Sink.ts"
import { makeDirectory, sync } from "./Durable.ts"
import * as Identity from "./Identity.ts"
import { isNowhere, reasonOf, statIfAny } from "./Platform.ts"
import * as Private from "./Private.ts"
import * as RealPath from "./RealPath.ts"

/**
 * One rename of a staged file; both paths are absolute. If runs share the target, `before` is the identity of the
 * version that the staged file was made from, or null if there was none. If the target is another version by now, it
 * must not be replaced.
 */
const Move = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  before: Schema.optionalKey(Schema.NullOr(Identity.Identity))
})
export interface Move extends Schema.Schema.Type<typeof Move> {}

/** The result of sealing: the bytes that publishing makes visible, and the input of `publish`. */
export interface SealedFiles {
  readonly bytes: number
  readonly publication: Schema.Json
}

const Publication = Schema.Struct({ moves: Schema.Array(Move) })
const decode = Schema.decodeUnknownEffect(Publication)

export { reasonOf }
const orReason = Effect.mapError(reasonOf)

/** Adds a sink's name and location to a reason. */
export const errorAt = (sink: string, location: string) => (reason: SinkReason) =>
  new SinkError({ sink, location, reason })

/** Adds a sink's name and location to the reasons that an effect fails with. */
export const at = (sink: string, location: string) => <A, R>(effect: Effect.Effect<A, SinkReason, R>) =>
  Effect.mapError(effect, errorAt(sink, location))

/** The name under which a run stages a file. */
export const stagedName = (name: string, run_id: string) => `${name}.${run_id}.part`

/** Whether something exists at the path. */
export const exists = (path: string) => Effect.map(statIfAny(path), (info) => info !== undefined)

/**
 * Makes the root, and checks the path to every target, so that errors appear before the run and not at publishing: a
 * file in place of a directory or the reverse, a missing permission, a name that is too long, a directory on another
 * device.
 */
export const prepare = Effect.fnUntraced(function*(root: string, targets: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* makeDirectory(root).pipe(orReason)
  const { dev } = yield* fs.stat(root).pipe(orReason)
  const checked = new Set<string>()
  const check = (directory: string): Effect.Effect<void, SinkReason, SinkServices> =>
    Effect.gen(function*() {
      if (checked.has(directory)) return
      checked.add(directory)
      if (directory !== root) yield* check(path.dirname(directory))
      const info = yield* statIfAny(directory)
      if (info === undefined) {
        if (yield* Effect.isSuccess(fs.readLink(directory))) {
          return yield* new CannotCreate({ detail: `${directory} is a link to something that does not exist` })
        }
        return
      }
      if (info.type !== "Directory") return yield* new CannotCreate({ detail: `${directory} is not a directory` })
      if (!(yield* orReason(RealPath.isWithin(root, directory)))) {
        return yield* new CannotCreate({ detail: `${directory} is a link that leads out of ${root}` })
      }
      if (info.dev !== dev) return yield* new CannotCreate({ detail: `${directory} is on another device than ${root}` })
      yield* fs.access(directory, { writable: true }).pipe(orReason)
    })
  for (const target of targets) {
    yield* check(path.dirname(target))
    const info = yield* statIfAny(target)
    if (info?.type === "Directory") return yield* new CannotCreate({ detail: `${target} is a directory` })
  }
})

/** Writes a new file that only its owner may read. Fails if it exists. */
export const write = <R>(path: string, parts: Stream.Stream<string | Uint8Array, SinkReason, R>) =>
  Effect.scoped(
    Effect.flatMap(create(path), (file) =>
      Stream.runForEach(parts, (part) =>
        orReason(file.writeAll(typeof part === "string" ? new TextEncoder().encode(part) : part))))
  )

/** Makes a new, empty file that only its owner may read. Fails if it exists. The scope closes it. */
export const create = (path: string): Effect.Effect<FileSystem.File, SinkReason, SinkServices | Scope.Scope> =>
  Private.create(path).pipe(orReason)

/** Makes a new directory that only its owner may use. Fails if it exists. The scope removes it. */
export const privateDirectory = (path: string): Effect.Effect<void, SinkReason, SinkServices | Scope.Scope> =>
  Private.directory(path).pipe(orReason)

/**
 * Flushes the staged files and their names to the disk, and makes the directories that they will move to. After a
 * manifest says that the run is sealed, a power cut must not lose any of its files.
 */
export const seal = Effect.fnUntraced(function*(moves: ReadonlyArray<Move>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  let bytes = 0
  for (const { from, to } of moves) {
    yield* fs.chmod(from, 0o600)
    yield* sync(from)
    bytes += Number((yield* fs.stat(from)).size)
    yield* makeDirectory(path.dirname(to))
  }
  for (const directory of new Set(moves.map(({ from }) => path.dirname(from)))) yield* sync(directory)
  const sealed: SealedFiles = { bytes, publication: { moves: moves.map((move) => ({ ...move })) } }
  return sealed
}, orReason)

const rename = Effect.fnUntraced(function*({ from, to }: Move) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.rename(from, to).pipe(
    Effect.catchIf(
      (error) => error.reason._tag === "NotFound",
      (error) => Effect.flatMap(fs.exists(to), (there) => there ? Effect.void : Effect.fail(error))
    )
  )
}, orReason)

/**
 * Whether another run has replaced the version that this file was made from. After a power cut, the staged file can
 * exist under both names, which is not a replacement.
 */
const isReplaced = Effect.fnUntraced(function*({ before, from, to }: Move) {
  if (before === undefined || !(yield* exists(to))) return false
  if (before !== null && (yield* Identity.isSame(to, before))) return false
  const own = yield* Identity.of(from)
  return own === null || !(yield* Identity.isSame(to, own))
})

/** Whether the path is one that the run gives to its staged files. */
export const isStaged = (path: Path.Path, file: string, run_id: string) =>
  path.isAbsolute(file) && path.normalize(file) === file && path.basename(file).indexOf(stagedName("", run_id)) > 0 &&
  file.endsWith(stagedName("", run_id))

/** Whether the path does not exist or is a file but not a link. A run stages nothing else. */
const isPlain = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  if (yield* Effect.isSuccess(fs.readLink(file))) return false
  const info = yield* statIfAny(file)
  return info === undefined || info.type === "File"
})

/**
 * Whether the run can have sealed this move: the file must be staged in the root, and the target must be in or below
 * the root. Real paths are compared, because a link can lead anywhere.
 */
const isSealed = Effect.fnUntraced(function*(root: string, { from, to }: Move, run_id: string) {
  const path = yield* Path.Path
  if (!isStaged(path, from, run_id) || path.normalize(to) !== to || to.endsWith(path.sep)) return false
  const realRoot = yield* orReason(RealPath.of(root))
  const realParent = yield* orReason(RealPath.of(path.dirname(from)))
  return realRoot === realParent && (yield* orReason(RealPath.isWithin(root, path.dirname(to)))) &&
    (yield* isPlain(from))
})

/** The failure for a publication that the run cannot have produced. */
export const notStaged = (run_id: string) =>
  new Corrupt({ detail: `run ${run_id} did not stage the files that its manifest names` })

/** The directory of a location, for sinks whose locations are directories. */
const asDirectory = (location: string) => Effect.map(Path.Path, ({ resolve }) => resolve(location))

/** The directory that a sink stages in, given its location. */
type RootOf = (location: string) => Effect.Effect<string, SinkReason, SinkServices>

/** Reads the moves from a publication. Fails if the run cannot have sealed them at the location. */
const movesOf = Effect.fnUntraced(
  function*(rootOf: RootOf, publication: Schema.Json, run_id: string, location: string) {
    const refused = notStaged(run_id)
    const { moves } = yield* decode(publication).pipe(Effect.mapError(() => refused))
    const root = yield* rootOf(location)
    const sealed = yield* Effect.forEach(moves, (move) => isSealed(root, move, run_id))
    return sealed.includes(false) ? yield* refused : moves
  }
)

/**
 * Whether a sealed run is superseded: nothing of it is published yet, and another run has published at the shared
 * target since. Then it can only be discarded. `lock` locks the target, and returns whether it has changed in a way
 * that the file does not show.
 */
export const isSuperseded = <R>({ lock, rootOf }: {
  readonly rootOf: RootOf
  readonly lock: (shared: Move) => Effect.Effect<boolean, SinkReason, R>
}) =>
  Effect.fnUntraced(function*(publication: Schema.Json, run_id: string, location: string) {
    const moves = yield* movesOf(rootOf, publication, run_id, location)
    const shared = moves.find(({ before }) => before !== undefined)
    if (shared === undefined) return false
    const hasChanged = yield* lock(shared)
    const isWhole = yield* Effect.forEach(moves, ({ from }) => exists(from))
    const isReplacing = yield* Effect.forEach(moves, isReplaced)
    return isWhole.every(Boolean) && (hasChanged || isReplacing.some(Boolean))
  })

/**
 * Renames the sealed files to their targets, in order. A missing staged file whose target exists was renamed before. If
 * the process was killed in the middle and another run has published since, the files of the other run stay.
 */
export const publish = (rootOf: RootOf = asDirectory) =>
  Effect.fnUntraced(function*(publication: Schema.Json, run_id: string, location: string) {
    const path = yield* Path.Path
    const moves = yield* movesOf(rootOf, publication, run_id, location)
    for (const move of moves) {
      const replaced = (yield* exists(move.from)) && (yield* isReplaced(move))
      yield* replaced ? remove([move.from]) : rename(move)
    }
    // flush the new names first, so that a power cut cannot lose both names of a file
    const targets = moves.map(({ to }) => path.dirname(to))
    const directories = new Set([
      ...targets,
      ...targets.map(path.dirname),
      ...moves.map(({ from }) => path.dirname(from))
    ])
    for (const directory of directories) yield* orReason(sync(directory))
  })

/** Removes staged files. */
export const remove = (paths: ReadonlyArray<string>) =>
  Effect.flatMap(
    FileSystem.FileSystem,
    (fs) => Effect.forEach(paths, (path) => fs.remove(path, { recursive: true, force: true }), { discard: true })
  ).pipe(orReason)

/** Removes everything that a run staged in a root: entries named `NAME.RUN_ID.part…` and nothing else. */
export const discard = Effect.fnUntraced(function*(root: string, run_id: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = yield* fs.readDirectory(root).pipe(
    Effect.catchIf(isNowhere, () => Effect.succeed([])),
    orReason
  )
  yield* remove(names.filter((name) => name.indexOf(stagedName("", run_id)) > 0).map((name) => path.join(root, name)))
})
