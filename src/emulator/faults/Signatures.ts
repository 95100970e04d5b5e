/**
 * The signatures that clients sent, to be looked for where they must not be. They can be asked for and not read: a test
 * that fails prints none.
 */
import { credentials } from "../server/Authentication.ts"

/** Characters of a piece: so many in a row are in no other text by chance. */
const piece = 16

/** Runs of the alphabets of a signature and of a header, long enough to hold a whole piece wherever they begin. */
const runs = new RegExp(`[0-9a-zA-Z+/]{${2 * piece - 1},}`, "g")

const piecesOf = (text: string) => text.match(new RegExp(`.{${piece}}`, "g")) ?? []

export class Signatures {
  readonly #pieces = new Set<string>()

  /** Remembers what an Authorization header holds. */
  add(authorization: string | undefined): void {
    const given = credentials(authorization)
    if (authorization === undefined || given === undefined) return
    const { hex, ikey } = given
    // the key's name comes first, which is no secret
    const encoded = authorization.slice("Basic ".length + Math.ceil((ikey.length + 1) / 3) * 4)
    for (const text of [hex, hex.toUpperCase(), encoded]) {
      for (const part of piecesOf(text)) this.#pieces.add(part)
    }
  }

  /** Whether a text holds any of them, or a part of one. */
  areIn(text: string): boolean {
    for (const [run] of text.matchAll(runs)) {
      for (let at = 0; at + piece <= run.length; at++) if (this.#pieces.has(run.slice(at, at + piece))) return true
    }
    return false
  }
}
