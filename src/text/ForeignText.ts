/** Text that somebody else has written, made fit for a terminal and a log. */

const charactersMax = 200

/**
 * No control characters, nothing that reverses the reading direction, no long run that may be a credential, at most 200
 * characters.
 */
export const sanitise = (text: string): string => {
  const plain = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ")
    .replace(/[A-Za-z0-9+/=_-]{32,}/g, "…")
    .trim()
  const characters = Array.from(plain)
  return characters.length > charactersMax ? `${characters.slice(0, charactersMax).join("")}…` : plain
}
