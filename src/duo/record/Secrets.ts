/**
 * Removes keys and signatures from an answer. Duo never repeats those of the request, but a proxy's error page may show
 * the whole request; and Duo's list of applications may have the secret keys of all of them.
 */
import { Redacted } from "effect"
import type { Credentials } from "../http/Credentials.ts"
import type { Request } from "../http/Exchange.ts"

/** The secrets of the header: the text after `Basic`, and the integration key and the signature inside it. */
const ofHeader = (authorization = ""): ReadonlyArray<string> => {
  const encoded = authorization.slice(authorization.indexOf(" ") + 1)
  return [encoded, ...Buffer.from(encoded, "base64").toString().split(":")]
}

/** The secret keys of applications, which Duo's list of them may have, by the names of their fields. */
const secretField = /("(?:\w*_)?(?:secret|secret_key|skey)"\s*:\s*")((?:[^"\\]|\\.)*)(?=")/g

/** Replaces every character of a secret with a star. */
export const withoutSecrets = (
  { ikey, skey }: Pick<Credentials["Service"], "ikey" | "skey">,
  { headers }: Request,
  text: string
): string =>
  [ikey, Redacted.value(skey), ...ofHeader(headers["authorization"])].reduce(
    (clean, secret) => secret === "" ? clean : clean.replaceAll(secret, "*".repeat(secret.length)),
    text.replace(secretField, (_, name: string, secret: string) => name + "*".repeat(secret.length))
  )
