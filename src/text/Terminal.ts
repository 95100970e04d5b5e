/** Text for a terminal: nothing that a terminal obeys, that hides text, or that turns its direction. */

/** Text on one line. */
export const inert = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\u00b7")

/** Text that may have several lines. */
export const lines = (text: string): string => text.split(/\r?\n/).map(inert).join("\n")
