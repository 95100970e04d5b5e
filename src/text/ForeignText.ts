/** Makes text of others, such as Duo's error messages, safe for a terminal and a log. */

const charactersMax = 200

/**
 * Removes control characters, characters that change the reading direction, and long words that may be credentials.
 * Cuts the text to 200 characters.
 */
export const sanitise = (text: string): string => {
  const plain = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ")
    .replace(/[A-Za-z0-9+/=_-]{32,}/g, "…")
    .trim()
  const characters = Array.from(plain)
  return characters.length > charactersMax ? `${characters.slice(0, charactersMax).join("")}…` : plain
}
