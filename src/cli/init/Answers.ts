/** What people paste when they are asked for the settings of Duo, made what they mean, or the sentence that says what is wrong. */
import { Redacted, Result } from "effect"
import { oddIkey, oddSkey, wrongIkey, wrongSkey } from "../../duo/http/Credentials.ts"
import { parseHost } from "../../duo/http/Host.ts"

const quotes = /^(["'`])(.*)\1$/s

/** Without what comes along from a page or a file: blanks, invisible characters, quotes. */
const bare = (text: string) => {
  const trim = (text: string) => text.replace(/^[\s\p{C}]+|[\s\p{C}]+$/gu, "")
  return trim(trim(text).replace(quotes, "$2"))
}

const unless = <A>(wrong: string | undefined, value: A): Result.Result<A, string> =>
  wrong === undefined ? Result.succeed(value) : Result.fail(`${wrong}.`)

/** The integration key. */
export const ikey = (text: string): Result.Result<string, string> =>
  unless(wrongIkey(bare(text)) ?? oddIkey(bare(text)), bare(text))

/** The secret key. */
export const skey = (text: string): Result.Result<Redacted.Redacted<string>, string> => {
  const skey = Redacted.make(bare(text))
  return unless(bare(text) === "" ? "Nothing came; paste the secret key" : wrongSkey(skey) ?? oddSkey(skey), skey)
}

/** The API hostname, also out of an URL of its host. Whether this machine may be one is said by another setting. */
export const host = (text: string, allowLoopback: boolean): Result.Result<string, string> =>
  parseHost(bare(text).replace(/^https?:\/\//i, "").replace(/\/.*$/s, "").replace(/^([^:]+):443$/, "$1"), allowLoopback)
    .pipe(Result.map(({ host }) => host), Result.mapError((wrong) => `${wrong}.`))
