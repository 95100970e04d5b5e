/**
 * Makes text safe for a terminal: no control characters, no invisible characters, no change of the reading direction.
 */

/** Text of one line: each unsafe character becomes a dot. */
export const safeLine = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\u00b7")

/** Text of several lines. */
export const lines = (text: string): string => text.split(/\r?\n/).map(safeLine).join("\n")
