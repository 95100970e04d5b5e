/**
 * Removes keys and signatures from an answer. Duo never repeats them, but a proxy's error page may show the whole
 * request.
 */
import { Redacted } from "effect"
import type { Credentials } from "../http/Credentials.ts"
import type { Request } from "../http/Exchange.ts"

/** The secrets of the header: the text after `Basic`, and the integration key and the signature inside it. */
const ofHeader = (authorization = ""): ReadonlyArray<string> => {
  const encoded = authorization.slice(authorization.indexOf(" ") + 1)
  return [encoded, ...Buffer.from(encoded, "base64").toString().split(":")]
}

/** Replaces every character of a secret with a star. */
export const withoutSecrets = (
  { ikey, skey }: Pick<Credentials["Service"], "ikey" | "skey">,
  { headers }: Request,
  text: string
): string =>
  [ikey, Redacted.value(skey), ...ofHeader(headers["authorization"])].reduce(
    (clean, secret) => secret === "" ? clean : clean.replaceAll(secret, "*".repeat(secret.length)),
    text
  )
