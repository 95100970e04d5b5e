/** Stages a file as an upload, and makes an object of it. */
import { Effect, FileSystem, Schema, Stream } from "effect"
import { CannotCreate, InputOutput } from "../../src/failure/SinkError.ts"
import * as Files from "../../src/files/Files.ts"
import type { ObjectStore } from "./ObjectStore.ts"

/** A staged object: the upload and the ETags of its parts, in order. */
export const StagedObject = Schema.Struct({
  key: Schema.String,
  upload_id: Schema.String,
  etags: Schema.NonEmptyArray(Schema.String)
})
export interface StagedObject extends Schema.Schema.Type<typeof StagedObject> {}

/** The bytes of a part if the file does not need larger ones. A server demands 5 MiB of all parts except the last. */
const partBytesMin = 8 * 1024 * 1024

/** An upload may have this many parts. */
const partsMax = 10_000

/** How many parts of a file are in memory at the same time. */
const partsTogether = 2

/** Uploads a file in parts of the same size. The result has its number of bytes too. */
export const stage = Effect.fnUntraced(function*(store: ObjectStore, file: string, key: string, run_id: string) {
  const fs = yield* FileSystem.FileSystem
  const bytes = Number((yield* Effect.mapError(fs.stat(file), Files.reasonOf)).size)
  const partBytes = Math.max(partBytesMin, Math.ceil(bytes / partsMax))
  const upload = yield* store.begin(key, run_id)
  const part = Effect.fnUntraced(function*(index: number) {
    const chunks = yield* Stream.runCollect(fs.stream(file, { offset: index * partBytes, bytesToRead: partBytes }))
      .pipe(
        Effect.mapError(Files.reasonOf)
      )
    return yield* store.sendPart(upload, index + 1, Buffer.concat(chunks))
  })
  const [first, ...others] = Array.from(
    { length: Math.max(1, Math.ceil(bytes / partBytes)) },
    (_, index) => part(index)
  )
  if (first === undefined) return yield* new InputOutput({ detail: `${file} has no parts` })
  const etags = yield* Effect.all([first, ...others], { concurrency: partsTogether })
  const staged: StagedObject = { ...upload, etags }
  return { bytes, staged }
})

/**
 * Makes the object. If the upload is gone or there is an object, the object has to be the one that an earlier attempt made
 * of this upload: its metadata names the run.
 */
export const publish = Effect.fnUntraced(
  function*(store: ObjectStore, { etags, ...upload }: StagedObject, run_id: string) {
    if (yield* store.complete(upload, etags)) return
    const found = yield* store.runOf(upload.key)
    if (found === run_id) return
    return yield* found === undefined
      ? new InputOutput({ detail: `the upload of ${upload.key} is gone: somebody or a lifecycle rule has aborted it` })
      : new CannotCreate({ detail: `there is an object ${upload.key} that run ${run_id} did not write` })
  }
)
