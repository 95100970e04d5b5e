/** How a run tells whoever is watching how far it is. */
import { Context, Effect } from "effect"

export interface Progress {
  /** Reading for the first time, again to prove that nothing is missing, or turning what was read into rows. */
  readonly stage: "reading" | "proving" | "writing"
  /** What is counted: the name of the pipeline's first table. */
  readonly what: string
  /** How many of them in this stage. */
  readonly seen: number
  /** How many there will be, if Duo said so. */
  readonly total: number | null
  /** Pages read. */
  readonly pages: number
}

/** Called after every page; does nothing unless somebody is watching. */
export const Progress = Context.Reference<(progress: Progress) => Effect.Effect<void>>("duo-mfa/Progress", {
  defaultValue: () => () => Effect.void
})
