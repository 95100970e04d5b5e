/** Reads the body of an answer: at most so many bytes, at least some of them every fifteen seconds, UTF-8 and nothing else. */
import { Effect, Stream } from "effect"
import type { HttpClientResponse } from "effect/http"
import { NotUtf8, Timeout, TooLarge, Truncated } from "./Errors.ts"

/** Between two pieces of the body. */
const idle = "15 seconds"

/** The text, of at most `limit` bytes after inflating. */
export const readText = (
  response: HttpClientResponse.HttpClientResponse,
  limit: number
): Effect.Effect<string, NotUtf8 | Timeout | TooLarge | Truncated> =>
  Effect.suspend(() => {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
    let size = 0
    let text = ""
    const append = (bytes: Uint8Array): Effect.Effect<void, NotUtf8 | TooLarge> => {
      size += bytes.byteLength
      return size > limit ? Effect.fail(new TooLarge({ limit })) : Effect.try({
        try: () => {
          text += decoder.decode(bytes, { stream: true })
        },
        catch: () => new NotUtf8({ detail: "its bytes are not UTF-8" })
      })
    }
    return response.stream.pipe(
      Stream.catch((error) => error.reason._tag === "EmptyBodyError" ? Stream.empty : Stream.fail(new Truncated())),
      Stream.timeoutOrElse({ duration: idle, orElse: () => Stream.fail(new Timeout({ which: "idle" })) }),
      Stream.runForEach(append),
      Effect.andThen(Effect.try({ try: () => text + decoder.decode(), catch: () => new Truncated() }))
    )
  })
