/**
 * A simple client for the emulator's own tests: it sends one request per connection and shows everything it received.
 */
import { Clock, Effect, Redacted } from "effect"
import { type IncomingHttpHeaders, request as open } from "node:http"
import { gunzipSync } from "node:zlib"
import { authorization, canonicalParams, type Params, type Scheme } from "../../../src/duo/http/Signature.ts"
import type { Emulator } from "../../../src/emulator/server/Emulator.ts"

export interface Ask {
  readonly path?: string
  readonly params?: Params
  readonly method?: string
  readonly scheme?: Scheme
  /** A query that is sent instead of the signed one. */
  readonly wire?: string
  readonly date?: string
  readonly signedHost?: string
  readonly body?: string
  /** Headers to change, or to remove with null. */
  readonly headers?: Readonly<Record<string, string | null>>
  readonly duoHeaders?: ReadonlyArray<readonly [string, string]>
  readonly ikey?: string
  readonly skey?: string
  readonly upperCaseHex?: boolean
}

export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The received bytes. */
  readonly bytes: Buffer
  /** The error that ended the exchange early. */
  readonly failure: string | undefined
}

export const v5 = { version: 5, digest: "sha512" } as const satisfies Scheme

/** All ways of signing that Duo accepts. */
export const schemes = [{ version: 2, digest: "sha1" }, { version: 2, digest: "sha512" }, v5] as const

const exchange = (host: string, path: string, method: string, headers: Record<string, string>, body: string) =>
  Effect.callback<Got>((resume) => {
    const parts: Array<Buffer> = []
    const [hostname, port] = host.split(":")
    const got = (status: number, headers: IncomingHttpHeaders, failure: string | undefined) =>
      resume(Effect.succeed({ status, headers, bytes: Buffer.concat(parts), failure }))
    const request = open({ hostname, port, path, method, headers, agent: false }, (response) => {
      const status = response.statusCode ?? 0
      response.on("data", (part: Buffer) => parts.push(part))
      response.on("error", (cause) => got(status, response.headers, cause.message))
      response.on("end", () => got(status, response.headers, undefined))
    })
    request.on("error", (cause) => got(0, {}, cause.message))
    request.end(body)
    return Effect.sync(() => request.destroy())
  })

export const ask = Effect.fnUntraced(function*(emulator: Emulator, options: Ask = {}) {
  const { body = "", method = "GET", params = {}, path = "/admin/v1/users", scheme = v5 } = options
  const now = yield* Clock.currentTimeMillis
  const date = options.date ?? new Date(now).toUTCString()
  const query = options.wire ?? canonicalParams(params)
  const signed = authorization(scheme, options.ikey ?? emulator.ikey, Redacted.make(options.skey ?? emulator.skey), {
    method,
    host: options.signedHost ?? emulator.host,
    path,
    params,
    date,
    body,
    headers: options.duoHeaders ?? []
  })
  const upper = () => {
    const [ikey, hex] = Buffer.from(signed.slice(6), "base64").toString().split(":")
    return `Basic ${Buffer.from(`${ikey}:${hex?.toUpperCase()}`).toString("base64")}`
  }
  const headers: Record<string, string> = {
    connection: "close",
    date,
    authorization: options.upperCaseHex === true ? upper() : signed
  }
  if (body !== "") headers["content-length"] = String(Buffer.byteLength(body))
  for (const [name, value] of options.duoHeaders ?? []) headers[name] = value
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value === null) delete headers[name]
    else headers[name] = value
  }
  return yield* exchange(emulator.host, query === "" ? path : `${path}?${query}`, method, headers, body)
})

/** Waits until real sockets and timers have had a turn of the event loop. */
export const turn = Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve)))

export const text = (got: Got): string =>
  (got.headers["content-encoding"] === "gzip" ? gunzipSync(got.bytes) : got.bytes).toString()

export interface Envelope {
  readonly stat: string
  readonly code?: unknown
  readonly message?: string
  readonly message_detail?: string
  readonly metadata?: {
    readonly total_objects: unknown
    readonly next_offset?: unknown
    readonly prev_offset?: unknown
  }
  readonly response?: ReadonlyArray<{ readonly user_id: string; readonly username: string }>
}

export const json = (got: Got) => JSON.parse(text(got)) as Envelope

export const nextOffset = (got: Got) => json(got).metadata?.next_offset

/** Reads all pages of a list, one after the other, as Duo's clients do. */
export const everyone = Effect.fnUntraced(function*(emulator: Emulator, path: string, limit: number) {
  const pages: Array<Envelope> = []
  let offset: number | undefined = 0
  while (offset !== undefined) {
    const page: Envelope = json(
      yield* ask(emulator, { path, params: { limit: String(limit), offset: String(offset) } })
    )
    pages.push(page)
    const next = page.metadata?.next_offset
    offset = typeof next === "number" ? next : undefined
  }
  return pages
})
