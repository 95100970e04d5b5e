/** The progress of a run, for the line that the terminal shows. */
import { Context, Effect } from "effect"

export interface Progress {
  /** Reading the list for the first time, reading it again to prove that nothing is missing, or making rows. */
  readonly stage: "reading" | "proving" | "writing"
  /** The name of the table that is counted: the pipeline's first table, or the table whose rows are made. */
  readonly what: string
  /** How many were read or made in this stage. */
  readonly seen: number
  /** How many there are in all; null if Duo did not say. */
  readonly total: number | null
  /** Pages read. */
  readonly pages: number
}

/** A function that is called after every page and every table. By default it does nothing. */
export const Progress = Context.Reference<(progress: Progress) => Effect.Effect<void>>("duo-mfa/Progress", {
  defaultValue: () => () => Effect.void
})
