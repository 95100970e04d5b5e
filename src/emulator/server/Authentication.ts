/** Checks the key, the date and the signature of a request, in the order of Duo and with its error codes. */
import type { Redacted } from "effect"
import { timingSafeEqual } from "node:crypto"
import { type Scheme, sign, UnsignableHeader } from "../../duo/http/Signature.ts"
import { isForm, type ReceivedRequest } from "./ReceivedRequest.ts"
import { refuse, type ReplyRefusal } from "./Reply.ts"

export type SignatureName = "v2-sha1" | "v2-sha512" | "v5-sha512"

export const schemes: Readonly<Record<SignatureName, Scheme>> = {
  "v2-sha1": { version: 2, digest: "sha1" },
  "v2-sha512": { version: 2, digest: "sha512" },
  "v5-sha512": { version: 5, digest: "sha512" }
}

export interface Keys {
  readonly ikey: string
  readonly skey: Redacted.Redacted<string>
  /** The host that a client must sign. */
  readonly apiHost: string
  readonly signatures: ReadonlyArray<SignatureName>
}

/** How far a request's date may be from the server's time, as in Duo's own mock server. */
export const dateWindowSeconds = 300

const dateForm = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]\d{4})$/

/** Reads the key and the hex digits from `Basic base64(ikey:hex)`. */
export const credentials = (header: string | undefined) => {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? "")?.[1]
  if (encoded === undefined) return undefined
  const [ikey = "", hex, ...rest] = Buffer.from(encoded, "base64").toString("latin1").split(":")
  return hex === undefined || rest.length > 0 ? undefined : { ikey, hex: hex.toLowerCase() }
}

const grouped = (query: ReadonlyArray<readonly [string, string]>) => {
  const params = new Map<string, ReadonlyArray<string>>()
  for (const [name, value] of query) params.set(name, [...params.get(name) ?? [], value])
  return Object.fromEntries(params)
}

/** Version 2 of the signature is over a form, and version 5 is over a JSON body. The other one would not be signed. */
const coversBody = ({ version }: Scheme, { body, headers }: ReceivedRequest): boolean =>
  body === "" || isForm(headers) === (version === 2)

const matches = (keys: Keys, scheme: Scheme, request: ReceivedRequest, date: string, hex: string): boolean => {
  if (!coversBody(scheme, request)) return false
  if (request.query === undefined || hex.length !== (scheme.digest === "sha1" ? 40 : 128)) return false
  try {
    const expected = sign(scheme, keys.skey, {
      method: request.method,
      host: keys.apiHost,
      path: request.path,
      params: grouped(request.query),
      date,
      body: request.body,
      headers: request.duoHeaders
    })
    return timingSafeEqual(Buffer.from(expected, "latin1"), Buffer.from(hex, "latin1"))
  } catch (cause) {
    if (cause instanceof UnsignableHeader) return false
    throw cause
  }
}

/** The refusal of a request; undefined if it is authentic. */
export const authenticate = (keys: Keys, request: ReceivedRequest, nowSeconds: number): ReplyRefusal | undefined => {
  if (request.headers["authorization"] === undefined) return refuse(40101)
  const given = credentials(request.headers["authorization"])
  if (given === undefined || given.ikey !== keys.ikey) return refuse(40102)
  const date = request.headers["x-duo-date"] ?? request.headers["date"]
  if (date === undefined) return refuse(40104)
  const seconds = dateForm.test(date) ? Date.parse(date) / 1000 : Number.NaN
  if (!(Math.abs(seconds - nowSeconds) <= dateWindowSeconds)) return refuse(40105)
  return keys.signatures.some((name) => matches(keys, schemes[name], request, date, given.hex))
    ? undefined
    : refuse(40103)
}
