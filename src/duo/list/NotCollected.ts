/** A list that the keys may not read. The run goes on without it, and says so. */
import { Schema, Stream } from "effect"
import type { DuoError } from "../DuoError.ts"
import type { Page } from "./Pages.ts"

/** A list cannot be read. Its objects are not collected, which is not the same as having none. */
export class NotCollected extends Schema.TaggedError<NotCollected>()("NotCollected", {
  path: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

/** Whether the keys have no permission for a list, or this tenant has no such list. Duo says so in several ways. */
const isNotAvailable = ({ reason }: DuoError) =>
  ["Unauthorized", "Forbidden", "NotFound", "MethodNotAllowed", "BadRequest"].includes(reason._tag)

/**
 * Pages that fail with `NotCollected` if Duo refuses the first page. `what` begins a sentence, such as `Bypass codes`.
 * Read another list first, because a refusal of wrong keys looks the same.
 */
export const orNotCollected =
  (what: string) => (pages: Stream.Stream<Page, DuoError>): Stream.Stream<Page, DuoError | NotCollected> =>
    Stream.suspend(() => {
      let started = false
      return pages.pipe(
        Stream.map((page) => {
          started = true
          return page
        }),
        Stream.mapError((error) =>
          isNotAvailable(error) && !started
            ? new NotCollected({ path: error.path, detail: `${what} are not collected. ${error.message}` })
            : error
        )
      )
    })
