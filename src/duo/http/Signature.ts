/**
 * Signs requests like Duo's official clients: an HMAC over a canonical string, sent as the password of HTTP Basic
 * authentication. https://duo.com/docs/adminapi#authentication; `test/duo/http/Signature.test.ts` checks it with test
 * vectors.
 */
import { Redacted } from "effect"
import { createHash, createHmac } from "node:crypto"

/** Parameters before they are encoded. A name may have several values. */
export type Params = Readonly<Record<string, string | ReadonlyArray<string>>>

/** The versions of the canonical string that Duo accepts: 2 for form parameters, 5 for JSON bodies and GET. */
export type Version = 2 | 5
export type Digest = "sha1" | "sha512"

/** A way to sign: the version of the canonical string, and the hash of the HMAC. */
export interface Scheme {
  readonly version: Version
  readonly digest: Digest
}

/** The parts of a request that are signed. */
export interface Signable {
  readonly method: string
  /** The API host. It is signed in lower case and without a port. */
  readonly host: string
  readonly path: string
  /** The query of a GET, or the form of a version 2 POST. */
  readonly params: Params
  /** The `Date` (or `X-Duo-Date`) header, byte for byte. */
  readonly date: string
  /** The JSON body of a version 5 POST. */
  readonly body?: string
  /** The `X-Duo-*` headers, in upper or lower case. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>
}

const encoder = new TextEncoder()

/** Percent-encodes text (RFC 3986): every UTF-8 byte that is not an unreserved character becomes %XX in upper case. */
export const encode = (value: string): string => {
  let encoded = ""
  for (const byte of encoder.encode(value)) {
    const char = String.fromCharCode(byte)
    encoded += /[A-Za-z0-9\-_.~]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
  }
  return encoded
}

const byCodeUnit = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0

/**
 * The line of parameters, which is also the query: sorted by encoded name, then by encoded value (RFC 5849, 3.4.1.3.2).
 */
export const canonicalParams = (params: Params): string =>
  Object.entries(params)
    .flatMap(([name, values]) =>
      (typeof values === "string" ? [values] : values).map((value) => [encode(name), encode(value)] as const)
    )
    .sort(([name, value], [otherName, otherValue]) => byCodeUnit(name, otherName) || byCodeUnit(value, otherValue))
    .map(([name, value]) => `${name}=${value}`)
    .join("&")

const sha512 = (text: string) => createHash("sha512").update(text).digest("hex")

/** A set of `X-Duo-*` headers cannot be signed. */
export class UnsignableHeader extends Error {}

/** The hash of the `X-Duo-*` headers: sorted by lower-case name; all names and values are joined by NUL. */
export const headersHash = (headers: ReadonlyArray<readonly [name: string, value: string]>): string => {
  const lower = headers.map(([name, value]) => [name.toLowerCase(), value] as const)
  const seen = new Set<string>()
  for (const [name, value] of lower) {
    if (!name.startsWith("x-duo-") || name.includes("\0") || value.includes("\0") || seen.has(name)) {
      throw new UnsignableHeader(`cannot sign the header ${JSON.stringify(name)}`)
    }
    seen.add(name)
  }
  return sha512(lower.sort(([name], [other]) => byCodeUnit(name, other)).flat().join("\0"))
}

const isForm = (method: string) => method === "GET" || method === "DELETE"

/** The string whose HMAC is the signature. The last line has no newline; without parameters, their line is empty. */
export const canonicalize = (version: Version, request: Signable): string => {
  const method = request.method.toUpperCase()
  const lines = [
    request.date,
    method,
    request.host.toLowerCase().replace(/:\d+$/, ""),
    request.path,
    version === 2 || isForm(method) ? canonicalParams(request.params) : ""
  ]
  if (version === 5) {
    lines.push(sha512(isForm(method) ? "" : request.body ?? ""), headersHash(request.headers ?? []))
  }
  return lines.join("\n")
}

/** The signature in lower-case hex: 40 digits for SHA-1, 128 for SHA-512. */
export const sign = (scheme: Scheme, skey: Redacted.Redacted<string>, request: Signable): string =>
  createHmac(scheme.digest, Redacted.value(skey)).update(canonicalize(scheme.version, request)).digest("hex")

/** The `Authorization` header. */
export const authorization = (
  scheme: Scheme,
  ikey: string,
  skey: Redacted.Redacted<string>,
  request: Signable
): string => `Basic ${Buffer.from(`${ikey}:${sign(scheme, skey, request)}`).toString("base64")}`
