/**
 * Reads the body of an answer as UTF-8 text. Fails if the body is too large, or if no byte comes for fifteen seconds.
 */
import { Effect, Stream } from "effect"
import type { HttpClientResponse } from "effect/http"
import { NotUtf8, Timeout, TooLarge, Truncated } from "../DuoReason.ts"

/** The longest time between two pieces of the body. */
const idle = "15 seconds"

/** The text of the body, of at most `limit` bytes after decompression. */
export const readText = (
  response: HttpClientResponse.HttpClientResponse,
  limit: number
): Effect.Effect<string, NotUtf8 | Timeout | TooLarge | Truncated> =>
  Effect.suspend(() => {
    const pieces: Array<Uint8Array> = []
    let size = 0
    const append = (bytes: Uint8Array): Effect.Effect<void, TooLarge> => {
      size += bytes.byteLength
      pieces.push(bytes)
      return size > limit ? Effect.fail(new TooLarge({ limit })) : Effect.void
    }
    return response.stream.pipe(
      Stream.catch((error) => error.reason._tag === "EmptyBodyError" ? Stream.empty : Stream.fail(new Truncated())),
      Stream.timeoutOrElse({ duration: idle, orElse: () => Stream.fail(new Timeout({ which: "idle" })) }),
      Stream.runForEach(append),
      Effect.andThen(Effect.suspend(() => decode(Buffer.concat(pieces))))
    )
  })

const decode = (bytes: Uint8Array): Effect.Effect<string, NotUtf8 | Truncated> =>
  Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
    catch: () => endsEarly(bytes) ? new Truncated() : new NotUtf8({ detail: "its bytes are not UTF-8" })
  })

/** Whether the bytes are UTF-8 that ends inside a character. */
const endsEarly = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}
