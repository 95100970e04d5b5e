/**
 * Staged files: written beside where they will be, under a name that says which run they belong to, made durable, and
 * then moved into place. Renaming is all that publishing does, so nothing late can fail for want of space or of rights.
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
 * One rename, absolute paths. For a file that runs share, `before` is the identity of what the staged file was made from,
 * null if there was nothing: another run's must not be replaced by it.
 */
const Move = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  before: Schema.optionalKey(Schema.NullOr(Identity.Identity))
})
export interface Move extends Schema.Schema.Type<typeof Move> {}

/** What sealing gives: the bytes that publishing shows, and what `publish` needs. */
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

/** The same for an effect. */
export const at = (sink: string, location: string) => <A, R>(effect: Effect.Effect<A, SinkReason, R>) =>
  Effect.mapError(effect, errorAt(sink, location))

/** The name under which a run stages a file. */
export const stagedName = (name: string, run_id: string) => `${name}.${run_id}.part`

/** Whether there is something at the path. */
export const exists = (path: string) => Effect.map(statIfAny(path), (info) => info !== undefined)

/**
 * Makes the root and looks at the way to every target, so that what would fail at publishing fails now: a file where a
 * directory should be or the reverse, no right to write, a name too long, a directory on another device.
 */
export const prepare = Effect.fnUntraced(function*(root: string, targets: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* makeDirectory(root).pipe(orReason)
  const { dev } = yield* fs.stat(root).pipe(orReason)
  const looked = new Set<string>()
  const look = (directory: string): Effect.Effect<void, SinkReason, SinkServices> =>
    Effect.gen(function*() {
      if (looked.has(directory)) return
      looked.add(directory)
      if (directory !== root) yield* look(path.dirname(directory))
      const info = yield* statIfAny(directory)
      if (info === undefined) {
        if (yield* Effect.isSuccess(fs.readLink(directory))) {
          return yield* new CannotCreate({ detail: `${directory} is a link that leads nowhere` })
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
    yield* look(path.dirname(target))
    const info = yield* statIfAny(target)
    if (info?.type === "Directory") return yield* new CannotCreate({ detail: `${target} is a directory` })
  }
})

/** Writes a file that only its owner may read, which must not be there yet. */
export const write = <R>(path: string, parts: Stream.Stream<string | Uint8Array, SinkReason, R>) =>
  Effect.scoped(
    Effect.flatMap(create(path), (file) =>
      Stream.runForEach(parts, (part) =>
        orReason(file.writeAll(typeof part === "string" ? new TextEncoder().encode(part) : part))))
  )

/** Makes an empty file that only its owner may read, which must not be there yet; it is closed with the scope. */
export const create = (path: string): Effect.Effect<FileSystem.File, SinkReason, SinkServices | Scope.Scope> =>
  Private.create(path).pipe(orReason)

/** Makes a directory that only its owner may enter, which must not be there yet; it is gone with the scope. */
export const privateDirectory = (path: string): Effect.Effect<void, SinkReason, SinkServices | Scope.Scope> =>
  Private.directory(path).pipe(orReason)

/**
 * Makes the staged files durable, their names too, and the directories that they will move to: once a manifest says that
 * the run is whole, no power cut may take away what it speaks of.
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
 * Whether somebody replaced the file that this one was made from. After a power cut, the staged file can exist under both
 * names, which is not a replacement.
 */
const isReplaced = Effect.fnUntraced(function*({ before, from, to }: Move) {
  if (before === undefined || !(yield* exists(to))) return false
  if (before !== null && (yield* Identity.is(to, before))) return false
  const own = yield* Identity.of(from)
  return own === null || !(yield* Identity.is(to, own))
})

/** Whether a run can have staged a file of that path. */
export const isStaged = (path: Path.Path, file: string, run_id: string) =>
  path.isAbsolute(file) && path.normalize(file) === file && path.basename(file).indexOf(stagedName("", run_id)) > 0 &&
  file.endsWith(stagedName("", run_id))

/** Whether there is nothing, or a file that is no link: a run has staged no other. */
const isPlain = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  if (yield* Effect.isSuccess(fs.readLink(file))) return false
  const info = yield* statIfAny(file)
  return info === undefined || info.type === "File"
})

/**
 * Whether a run can have sealed the move: of a file that it staged in the root, to a place in the root or below. Real paths
 * are compared, for a link may lead anywhere.
 */
const isSealed = Effect.fnUntraced(function*(root: string, { from, to }: Move, run_id: string) {
  const path = yield* Path.Path
  if (!isStaged(path, from, run_id) || path.normalize(to) !== to || to.endsWith(path.sep)) return false
  const [there, staged] = [yield* orReason(RealPath.of(root)), yield* orReason(RealPath.of(path.dirname(from)))]
  return there === staged && (yield* orReason(RealPath.isWithin(root, path.dirname(to)))) && (yield* isPlain(from))
})

/** A publication that a run cannot have left. */
export const foreign = (run_id: string) =>
  new Corrupt({ detail: `run ${run_id} has not staged what it is said to publish` })

/** The directory that a location means, for the sinks whose locations are just that. */
const asDirectory = (location: string) => Effect.map(Path.Path, ({ resolve }) => resolve(location))

/** The directory that a sink stages in, given its location. */
type RootOf = (location: string) => Effect.Effect<string, SinkReason, SinkServices>

/** The moves that a run has sealed at a location. */
const movesOf = Effect.fnUntraced(
  function*(rootOf: RootOf, publication: Schema.Json, run_id: string, location: string) {
    const refused = foreign(run_id)
    const { moves } = yield* decode(publication).pipe(Effect.mapError(() => refused))
    const root = yield* rootOf(location)
    const sealed = yield* Effect.forEach(moves, (move) => isSealed(root, move, run_id))
    return sealed.includes(false) ? yield* refused : moves
  }
)

/**
 * Whether another run has published since in a place that they share, and nothing of this one is published yet: then it can
 * only be discarded. `enter` keeps others out of that place, and says whether it has changed where a file does not show it.
 */
export const isSuperseded = <R>({ enter: lock, rootOf }: {
  readonly rootOf: RootOf
  readonly enter: (shared: Move) => Effect.Effect<boolean, SinkReason, R>
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
 * Moves sealed files into place, in order. A file that is gone and is where it should be was moved before. A run that was
 * half published when its process ended, and whose other half would replace another run's, leaves the other's there.
 */
export const publish = (rootOf: RootOf = asDirectory) =>
  Effect.fnUntraced(function*(publication: Schema.Json, run_id: string, location: string) {
    const path = yield* Path.Path
    const moves = yield* movesOf(rootOf, publication, run_id, location)
    for (const move of moves) {
      const replaced = (yield* exists(move.from)) && (yield* isReplaced(move))
      yield* replaced ? remove([move.from]) : rename(move)
    }
    // a name reaches the disk where it is before it goes from where it was
    const targets = moves.map(({ to }) => path.dirname(to))
    const directories = new Set([
      ...targets,
      ...targets.map(path.dirname),
      ...moves.map(({ from }) => path.dirname(from))
    ])
    for (const directory of directories) yield* orReason(sync(directory))
  })

/** Removes staged files that will not be published after all. */
export const remove = (paths: ReadonlyArray<string>) =>
  Effect.flatMap(
    FileSystem.FileSystem,
    (fs) => Effect.forEach(paths, (path) => fs.remove(path, { recursive: true, force: true }), { discard: true })
  ).pipe(orReason)

/** Removes what a run staged in a root: entries named `NAME.RUN_ID.part…`, nothing else. */
export const discard = Effect.fnUntraced(function*(root: string, run_id: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = yield* fs.readDirectory(root).pipe(
    Effect.catchIf(isNowhere, () => Effect.succeed([])),
    orReason
  )
  yield* remove(names.filter((name) => name.indexOf(stagedName("", run_id)) > 0).map((name) => path.join(root, name)))
})
