/**
 * Writes JSON that is safe for a terminal: control characters are escaped, so the JSON still parses to the same value.
 */

// JSON.stringify itself escapes control characters up to U+001F, and halves of surrogate pairs
const unruly = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

const escape = (character: string) =>
  Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("")

export const stringify = (value: unknown): string => JSON.stringify(value).replace(unruly, escape)
