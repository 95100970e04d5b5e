/** Reads a request: decodes its query, reads its body, and writes the names of its headers in lower case. */
import type { IncomingMessage } from "node:http"

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  /** Decoded names and values of the query, or of the form of a POST, in order; undefined if they cannot be decoded. */
  readonly query: ReadonlyArray<readonly [name: string, value: string]> | undefined
  readonly headers: Readonly<Record<string, string>>
  /** All `X-Duo-*` headers. A header that was sent twice is there twice. */
  readonly duoHeaders: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: string
}

/** Decodes a query. `+` and `%20` both mean a space. */
const decode = (text: string) => decodeURIComponent(text.replaceAll("+", "%20"))

const decodeQuery = (text: string): ReceivedRequest["query"] => {
  try {
    return text.split("&").filter((part) => part !== "").map((part) => {
      const [name = "", ...value] = part.split("=")
      return [decode(name), decode(value.join("="))] as const
    })
  } catch {
    return undefined
  }
}

/** Whether the body is a form. */
export const isForm = (headers: Readonly<Record<string, unknown>>): boolean =>
  String(headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded")

const bodyLimit = 1024 * 1024

export const receive = async (request: IncomingMessage): Promise<ReceivedRequest> => {
  let body = ""
  request.setEncoding("utf8")
  for await (const chunk of request) {
    body += chunk
    if (body.length > bodyLimit) throw new Error("a request body of more than 1 MiB")
  }
  const [path = "", ...query] = (request.url ?? "").split("?")
  const duoHeaders: Array<readonly [string, string]> = []
  for (let n = 0; n < request.rawHeaders.length; n += 2) {
    const [name = "", value = ""] = request.rawHeaders.slice(n, n + 2)
    if (/^x-duo-/i.test(name)) duoHeaders.push([name, value])
  }
  return {
    method: request.method ?? "",
    path,
    query: decodeQuery(isForm(request.headers) && request.method !== "GET" ? body : query.join("?")),
    headers: Object.fromEntries(
      Object.entries(request.headers).map((
        [name, value]
      ) => [name, Array.isArray(value) ? value.join(", ") : value ?? ""])
    ),
    duoHeaders,
    body
  }
}
