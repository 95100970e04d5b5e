/** The flags `--record`, `--pseudonymise` and `--replay` as one value. */
import { Effect, Option } from "effect"
import type { Recording } from "../../duo/record/Recording.ts"
import { Contradiction } from "./Contradiction.ts"

export interface RecordingFlags {
  readonly record: Option.Option<string>
  readonly pseudonymise: boolean
  readonly replay: Option.Option<string>
}

export const parse = ({ pseudonymise, record, replay }: RecordingFlags): Effect.Effect<Recording, Contradiction> => {
  if (Option.isSome(record)) {
    return Option.isSome(replay)
      ? Effect.fail(
        new Contradiction({ detail: "--record and --replay exclude each other: what is replayed is a record." })
      )
      : Effect.succeed({ record: { directory: record.value, pseudonymise } })
  }
  return pseudonymise
    ? Effect.fail(new Contradiction({ detail: "--pseudonymise is about a record: name its directory with --record." }))
    : Effect.succeed(Option.isSome(replay) ? { replay: replay.value } : {})
}
