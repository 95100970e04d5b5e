/** Cleans the settings that people paste into `init`, or says what is wrong with them. */
import { Redacted, Result } from "effect"
import { ikeyError, ikeyWarning, skeyError, skeyWarning } from "../../duo/http/Credentials.ts"
import { parseHost } from "../../duo/http/Host.ts"

const quotes = /^(["'`])(.*)\1$/s

/** Removes blanks, invisible characters and quotes that were copied along. */
const bare = (text: string) => {
  const trim = (text: string) => text.replace(/^[\s\p{C}]+|[\s\p{C}]+$/gu, "")
  return trim(trim(text).replace(quotes, "$2"))
}

const isSecret = (text: string) => skeyWarning(Redacted.make(text)) === undefined

const secretShown =
  "This looks like the secret key, which the screen shows now: clear the screen later. The integration key begins with DI."

const unless = <A>(wrong: string | undefined, value: A): Result.Result<A, string> =>
  wrong === undefined ? Result.succeed(value) : Result.fail(`${wrong}.`)

/** The integration key. The terminal shows it, so a secret key that is pasted instead is on the screen. */
export const ikey = (text: string): Result.Result<string, string> =>
  isSecret(bare(text)) ? Result.fail(secretShown) : unless(ikeyError(bare(text)) ?? ikeyWarning(bare(text)), bare(text))

/** The secret key. */
export const skey = (text: string): Result.Result<Redacted.Redacted<string>, string> => {
  const skey = Redacted.make(bare(text))
  return unless(bare(text) === "" ? "Nothing came; paste the secret key" : skeyError(skey) ?? skeyWarning(skey), skey)
}

/** The API hostname, even from a whole URL. Another setting allows loopback. */
export const host = (text: string, allowLoopback: boolean): Result.Result<string, string> =>
  parseHost(bare(text).replace(/^https?:\/\//i, "").replace(/\/.*$/s, "").replace(/^([^:]+):443$/, "$1"), allowLoopback)
    .pipe(Result.map(({ host }) => host), Result.mapError((wrong) => `${wrong}.`))
