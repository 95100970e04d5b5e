/**
 * Standard output as a place to publish to: rows are staged in the run's own directory and copied out when the run is
 * published, for whoever reads then. What was copied cannot be taken back, and nobody else is to get it: for another process
 * that finishes this run there is nothing to do, and a reader who leaves has had enough.
 */
import { Effect, FileSystem, Path, Schema, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { InputOutput } from "../failure/SinkError.ts"
import * as Files from "./Files.ts"

/** The staged files, in the order they are copied out, and the process whose standard output it is. */
const Publication = Schema.Struct({ standard_output: Schema.Array(Schema.String), process: Schema.String })

const thisProcess = randomUUID()

/** Makes the staged files durable. */
export const seal = Effect.fnUntraced(function*(moves: ReadonlyArray<Files.Move>) {
  const staged = moves.map(({ from }) => from)
  const { bytes } = yield* Files.seal(staged.map((from) => ({ from, to: from })))
  const sealed: Files.SealedFiles = { bytes, publication: { standard_output: staged, process: thisProcess } }
  return sealed
})

/** Whoever reads standard output went away. */
export class ReaderLeft extends Schema.TaggedError<ReaderLeft>()("ReaderLeft", {}) {}

/** A failure is told to `write`; the event would be one more, and end the process. */
const ignoreError = () => undefined

/** Ends when it is written, so that who writes is as fast as who reads. */
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

/** Copies sealed files out, each once: it is removed when it was copied. */
export const publish = Effect.fnUntraced(function*(
  publication: Schema.Json,
  run_id: string
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (!isPublication(publication) || !publication.standard_output.every((file) => Files.isStaged(path, file, run_id))) {
    return yield* Files.foreign(run_id)
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
