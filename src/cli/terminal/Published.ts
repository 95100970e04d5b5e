/** A signal that comes when all is published stops nothing, and the exit code says so. */

let code: number | undefined

/** Says that the command has done what it was asked, and what its exit code is. */
export const markPublished = (exit: number): void => {
  code = exit
}

/** The exit code of a command that was interrupted when it was done; undefined if it was not. */
export const exitCode = (): number | undefined => code
