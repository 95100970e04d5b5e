/** Whether the answers of a run are kept, or read back from where they were kept. */
import { Context } from "effect"

export interface Record {
  readonly directory: string
  /** Names, addresses, numbers and ids are kept as keyed hashes of the same shape. */
  readonly pseudonymise: boolean
}

export interface Recording {
  readonly record?: Record
  /** The directory of a record, which answers in the source's place. */
  readonly replay?: string
}

/** Neither, unless the command line says so. */
export const Recording = Context.Reference<Recording>("duo-mfa/Recording", { defaultValue: () => ({}) })
