/**
 * Publishes to the standard output: rows are staged in the run's own directory and copied to the standard output when
 * the run is published. Only the process that read the rows copies them; if it is killed, the process that recovers the
 * run has a standard output of its own and copies nothing there. A reader that closes the pipe is not an error.
 */
import { Effect, FileSystem, Path, Schema, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { InputOutput } from "../failure/SinkError.ts"
import * as Files from "./Files.ts"

/** The staged files in the order in which they are copied, and the process that copies them. */
const Publication = Schema.Struct({ standard_output: Schema.Array(Schema.String), process: Schema.String })

const thisProcess = randomUUID()

/** Flushes the staged files to the disk. */
export const seal = Effect.fnUntraced(function*(moves: ReadonlyArray<Files.Move>) {
  const staged = moves.map(({ from }) => from)
  const { bytes } = yield* Files.seal(staged.map((from) => ({ from, to: from })))
  const sealed: Files.SealedFiles = { bytes, publication: { standard_output: staged, process: thisProcess } }
  return sealed
})

/** The reader of the standard output has closed it. */
export class ReaderLeft extends Schema.TaggedError<ReaderLeft>()("ReaderLeft", {}) {}

/** Node ends a process that has no listener for the error event. The callback of `write` handles the error. */
const ignoreError = () => undefined

/** Writes to the standard output and waits until it is written, so a slow reader slows the writer down. */
export const write = (bytes: Uint8Array | string) =>
  Effect.callback<void, InputOutput | ReaderLeft>((resume) => {
    if (!process.stdout.listeners("error").includes(ignoreError)) process.stdout.on("error", ignoreError)
    process.stdout.write(bytes, (error) => {
      resume(
        !error
          ? Effect.void
          : "code" in error && error.code === "EPIPE"
          ? Effect.fail(new ReaderLeft())
          : Effect.fail(new InputOutput({ detail: error.message }))
      )
    })
  })

const isPublication = Schema.is(Publication)

/** Copies sealed files to the standard output. Each is removed after it was copied, so it is copied once. */
export const publish = Effect.fnUntraced(function*(
  publication: Schema.Json,
  run_id: string
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (!isPublication(publication) || !publication.standard_output.every((file) => Files.isStaged(path, file, run_id))) {
    return yield* Files.notStaged(run_id)
  }
  if (publication.process === thisProcess) {
    yield* Effect.forEach(
      publication.standard_output,
      (staged) =>
        Effect.flatMap(Files.exists(staged), (isThere) =>
          isThere
            ? fs.stream(staged).pipe(
              Stream.mapError(Files.reasonOf),
              Stream.runForEach(write),
              Effect.andThen(Files.remove([staged]))
            )
            : Effect.void)
    ).pipe(Effect.catchTag("ReaderLeft", () => Effect.void))
  }
})
