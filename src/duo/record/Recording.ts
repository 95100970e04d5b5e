/** Says whether a run is recorded or replayed. */
import { Context } from "effect"

export interface Record {
  readonly directory: string
  /** Whether names, addresses, numbers and ids are replaced by keyed hashes of the same shape. */
  readonly pseudonymise: boolean
}

export interface Recording {
  readonly record?: Record
  /** The directory of a record, which answers in place of Duo. */
  readonly replay?: string
}

/** By default, a run is neither recorded nor replayed. */
export const Recording = Context.Reference<Recording>("duo-mfa/Recording", { defaultValue: () => ({}) })
