/** Remembers that a run is published, so that a later signal does not change its exit code. */

let code: number | undefined

/** Marks the command as done, with its exit code. */
export const markPublished = (exit: number): void => {
  code = exit
}

/** The exit code of a command that was already done; undefined if it was not. */
export const exitCode = (): number | undefined => code
