/** The emulator's answers, with Duo's envelopes, codes, messages and headers; and how they become bytes. */
import { crc32 } from "node:zlib"
import { quote, record } from "../people/PythonJson.ts"

/** One page of a list. The metadata are JSON text by name, so that a fault can set them to anything. */
export interface ReplyPage {
  readonly kind: "page"
  readonly offset: number
  readonly limit: number
  readonly metadata: Readonly<Record<string, string>> | undefined
  /** The JSON text of the items. It is made while it is written, because a page of long strings needs much memory. */
  readonly items: Iterable<string>
}

/** An answer that is not a page: any JSON text for `response`. */
export interface PlainReply {
  readonly kind: "single"
  readonly text: string
}

/** An error in Duo's form. `code` is JSON text. */
export interface ReplyRefusal {
  readonly kind: "refusal"
  readonly status: number
  readonly code: string
  readonly message: string
  readonly detail?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** An answer that does not have Duo's form. */
export interface NotDuoReply {
  readonly kind: "foreign"
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Reply = ReplyPage | PlainReply | ReplyRefusal | NotDuoReply

export interface ReplyAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const messages: Readonly<Record<number, string>> = {
  40001: "Missing required request parameters",
  40002: "Invalid request parameters",
  40003: "Duplicate resource",
  40101: "Missing request credentials",
  40102: "Invalid integration key in request credentials",
  40103: "Invalid signature in request credentials",
  40104: "Missing request timestamp",
  40105: "Bad request timestamp",
  40301: "Access forbidden",
  40401: "Resource not found",
  40501: "Method not allowed",
  42901: "Too Many Requests",
  50000: "Internal server error",
  50001: "Unknown internal server error",
  50201: "Bad gateway",
  50301: "Service unavailable",
  50401: "Gateway timeout"
}

/** An error with a code of Duo. The first three digits of the code are the HTTP status. */
export const refuse = (
  code: number,
  options: Partial<Pick<ReplyRefusal, "detail" | "headers" | "message" | "status">> = {}
): ReplyRefusal => ({
  kind: "refusal",
  status: options.status ?? Math.floor(code / 100),
  code: String(code),
  message: options.message ?? messages[code] ?? "Unknown error",
  detail: options.detail,
  headers: options.headers
})

const duo = { server: "Duo/1.0" }

const successHeaders = {
  ...duo,
  "content-type": "application/json",
  "cache-control": "no-store",
  pragma: "no-cache",
  "strict-transport-security": "max-age=31536000",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'"
}

const ok = (body: Buffer): ReplyAnswer => {
  return { status: 200, headers: { ...successHeaders, etag: `"${crc32(body).toString(16)}-${body.length}"` }, body }
}

let scratch = Buffer.allocUnsafe(1024 * 1024)

/** The bytes of a page, item by item. */
const pageBytes = ({ items, metadata }: ReplyPage): Buffer => {
  let at = 0
  const write = (text: string) => {
    const most = at + text.length * 3
    if (most > scratch.length) scratch = Buffer.concat([scratch.subarray(0, at)], most * 2)
    at += scratch.write(text, at)
  }
  write(metadata === undefined ? "{" : `{"metadata": ${record(Object.entries(metadata))}, `)
  write(`"response": [`)
  let separator = ""
  for (const item of items) {
    write(separator)
    write(item)
    separator = ", "
  }
  write(`], "stat": "OK"}`)
  return Buffer.from(scratch.subarray(0, at))
}

/** A reply as a status, headers and bytes. Our JSON texts are ASCII, as Duo's are. */
export const render = (reply: Reply): ReplyAnswer => {
  switch (reply.kind) {
    case "page":
      return ok(pageBytes(reply))
    case "single":
      return ok(Buffer.from(`{"response": ${reply.text}, "stat": "OK"}`))
    case "refusal": {
      const detail = reply.detail === undefined ? "" : `, "message_detail": ${quote(reply.detail)}`
      return {
        status: reply.status,
        headers: { ...duo, "content-type": "application/json", ...reply.headers },
        body: Buffer.from(
          `{"code": ${reply.code}, "message": ${quote(reply.message)}${detail}, "stat": "FAIL"}`,
          "latin1"
        )
      }
    }
    case "foreign":
      return { status: reply.status, headers: reply.headers, body: Buffer.from(reply.body) }
  }
}
