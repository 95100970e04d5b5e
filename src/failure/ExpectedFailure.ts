/**
 * An expected failure: it has a sentence for people and an exit code for schedulers, and is shown without a stack
 * trace.
 */
import type { Runtime } from "effect"

export interface ExpectedFailure {
  readonly _tag: string
  /** One or two lines: the problem, and what to do about it. */
  readonly message: string
  /**
   * The message for a webhook or a collector, without texts of other people. If undefined, they get a general sentence.
   */
  readonly publicMessage?: string | undefined
  /** One of `ExitCode`. */
  readonly [Runtime.errorExitCode]: number
}
