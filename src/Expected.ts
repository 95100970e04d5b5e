/** A failure that was foreseen: it has a sentence for its reader and a code for the scheduler, and never a stack. */
import type { Runtime } from "effect"

export interface Expected {
  readonly _tag: string
  /** What happened and what to do, in one or two lines. */
  readonly message: string
  /** One of `ExitCode`. */
  readonly [Runtime.errorExitCode]: number
}
