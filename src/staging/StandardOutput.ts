/**
 * Standard output as a place to publish to: rows are staged in files like anywhere else and copied out when the run is
 * published. What was copied cannot be taken back, and a copy that was cut off starts over.
 */
import { Effect, FileSystem, Schema, Stream } from "effect"
import { InputOutput, type SinkReason } from "../Sink.ts"
import * as Files from "./Files.ts"

/** The staged files, in the order they are copied out. */
export const Publication = Schema.Struct({ standard_output: Schema.Array(Schema.String) })

/** Makes the staged files durable. */
export const seal = Effect.fnUntraced(function*(moves: ReadonlyArray<Files.Move>) {
  const staged = moves.map(({ from }) => from)
  const { bytes } = yield* Files.seal(staged.map((from) => ({ from, to: from })))
  const sealed: Files.Sealed = { bytes, publication: { standard_output: staged } }
  return sealed
})

const write = (bytes: Uint8Array) =>
  Effect.callback<void, SinkReason>((resume) => {
    process.stdout.write(bytes, (error) => {
      resume(error ? Effect.fail(new InputOutput({ detail: error.message })) : Effect.void)
    })
  })

/** A reader who went away is told to `write`; the event would be one more, and end the process. */
const listen = Effect.sync(() => process.stdout.on("error", () => undefined))

/** Copies sealed files out and removes them. One that is gone was copied before. */
export const publish = Effect.fn("StandardOutput.publish")(function*(publication: typeof Publication.Type) {
  const fs = yield* FileSystem.FileSystem
  yield* listen
  for (const staged of publication.standard_output) {
    if (!(yield* Files.exists(staged))) continue
    yield* fs.stream(staged).pipe(Stream.mapError(Files.reasonOf), Stream.runForEach(write))
    yield* Files.remove([staged])
  }
})
