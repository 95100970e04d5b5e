/**
 * Remembers the signatures that clients sent, so that tests can search logs and files for them. They cannot be read
 * back, so a failed test does not print them.
 */
import { credentials } from "../server/Authentication.ts"

/** The length of a piece of a signature. No other text has so many of these characters in a row by chance. */
const piece = 16

/** Runs of characters that signatures and headers are made of. They are long enough to contain a whole piece. */
const runs = new RegExp(`[0-9a-zA-Z+/]{${2 * piece - 1},}`, "g")

const piecesOf = (text: string) => text.match(new RegExp(`.{${piece}}`, "g")) ?? []

export class Signatures {
  readonly #pieces = new Set<string>()

  /** Remembers the signature of an Authorization header. */
  add(authorization: string | undefined): void {
    const given = credentials(authorization)
    if (authorization === undefined || given === undefined) return
    const { hex, ikey } = given
    // the integration key comes first; it is not a secret
    const encoded = authorization.slice("Basic ".length + Math.ceil((ikey.length + 1) / 3) * 4)
    for (const text of [hex, hex.toUpperCase(), encoded]) {
      for (const part of piecesOf(text)) this.#pieces.add(part)
    }
  }

  /** Whether a text contains a signature or a part of one. */
  areIn(text: string): boolean {
    for (const [run] of text.matchAll(runs)) {
      for (let at = 0; at + piece <= run.length; at++) if (this.#pieces.has(run.slice(at, at + piece))) return true
    }
    return false
  }
}
