/** Takes keys and signatures out of an answer: Duo repeats none, but a proxy's page may show the request that it refused. */
import { Redacted } from "effect"
import type { Credentials } from "../http/Credentials.ts"
import type { Request } from "../http/Exchange.ts"

/** What is in the header after `Basic`, and the integration key and the signature in that. */
const ofHeader = (authorization = ""): ReadonlyArray<string> => {
  const encoded = authorization.slice(authorization.indexOf(" ") + 1)
  return [encoded, ...Buffer.from(encoded, "base64").toString().split(":")]
}

/** The text with a star for every character of a secret. */
export const withoutSecrets = (
  { ikey, skey }: Pick<Credentials["Service"], "ikey" | "skey">,
  { headers }: Request,
  text: string
): string =>
  [ikey, Redacted.value(skey), ...ofHeader(headers["authorization"])].reduce(
    (clean, secret) => secret === "" ? clean : clean.replaceAll(secret, "*".repeat(secret.length)),
    text
  )
