/** A failure that was foreseen: it has a sentence for its reader and a code for the scheduler, and never a stack. */
import type { Runtime } from "effect"

export interface ExpectedFailure {
  readonly _tag: string
  /** What happened and what to do, in one or two lines. */
  readonly message: string
  /** The same for a webhook or a collector, without any text of others. If there is none, they are told the tag alone. */
  readonly publicMessage?: string | undefined
  /** One of `ExitCode`. */
  readonly [Runtime.errorExitCode]: number
}
