/** Sends the bytes of an answer to the client, or breaks off as a fault says. */
import type { ServerResponse } from "node:http"
import type { Writable } from "node:stream"
import { promisify } from "node:util"
import { createGzip, gzip } from "node:zlib"
import type { Fault } from "../faults/Scenario.ts"
import type { ReplyAnswer } from "./Reply.ts"

export interface ClientConnection {
  readonly response: ServerResponse
  readonly acceptsGzip: boolean
  readonly sleep: (milliseconds: number) => Promise<void>
}

/** The faults of delivery. At most one of them is applied to an answer. */
export const isDelivery = (fault: Fault): boolean =>
  ["truncated", "slow", "silence", "reset", "oversized", "one_byte"].includes(fault.fault)

const compress = promisify(gzip)

/** The smallest body in bytes that is compressed. Refusals are never compressed, as with Duo. */
const worthwhile = 1024

const encoded = async (answer: ReplyAnswer, accepted: boolean): Promise<ReplyAnswer> => {
  if (!accepted || answer.status !== 200 || answer.body.length < worthwhile) return answer
  const { etag, ...headers } = answer.headers
  return {
    status: answer.status,
    headers: { ...headers, ...(etag === undefined ? {} : { etag: `W/${etag}` }), "content-encoding": "gzip" },
    body: await compress(answer.body, { level: 1 })
  }
}

/** Resolves when the bytes are handed over, or when the client has gone. */
const write = (to: Writable, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    if (to.destroyed) return resolve()
    to.once("close", resolve)
    to.write(bytes, () => {
      to.off("close", resolve)
      resolve()
    })
  })

const whole = ({ response }: ClientConnection, answer: ReplyAnswer) => {
  response.writeHead(answer.status, { ...answer.headers, "content-length": String(answer.body.length) })
  response.end(answer.body)
}

/** Lets the written bytes leave before the connection is reset. */
const afterwards = () => new Promise<void>((resolve) => void setImmediate(resolve))

const truncated = async (
  line: ClientConnection,
  answer: ReplyAnswer,
  how: "length" | "chunked" | "gzip",
  keep: number | undefined
) => {
  const { response } = line
  if (how === "gzip") {
    const body = await compress(answer.body, { level: 1 })
    const part = body.subarray(0, keep ?? Math.floor(body.length / 2))
    return whole(line, { ...answer, headers: { ...answer.headers, "content-encoding": "gzip" }, body: part })
  }
  const length = how === "length" ? { "content-length": String(answer.body.length) } : {}
  response.writeHead(answer.status, { ...answer.headers, ...length })
  response.flushHeaders()
  const part = answer.body.subarray(0, keep ?? Math.floor(answer.body.length / 2))
  if (part.length > 0) await write(response, part)
  await afterwards()
  response.socket?.end()
}

const reset = async ({ response }: ClientConnection, answer: ReplyAnswer, at: "start" | "headers" | "body") => {
  const { socket } = response
  if (at === "headers") {
    await new Promise((resolve) => socket?.write("HTTP/1.1 200 OK\r\nContent-Ty", resolve))
  } else if (at === "body") {
    response.writeHead(answer.status, { ...answer.headers, "content-length": String(answer.body.length) })
    await write(response, answer.body.subarray(0, Math.ceil(answer.body.length / 2)))
  }
  await afterwards()
  socket?.resetAndDestroy()
}

const mebibyte = 1024 * 1024
const blanks = Buffer.alloc(64 * 1024, " ")

const oversized = async (
  { response }: ClientConnection,
  answer: ReplyAnswer,
  mib: number | undefined,
  how: "chunked" | "length" | "gzip"
) => {
  const padding = mib === undefined ? Infinity : mib * mebibyte
  const headers = how === "gzip"
    ? { "content-encoding": "gzip" }
    : how === "length" && mib !== undefined
    ? { "content-length": String(answer.body.length + padding) }
    : {}
  response.writeHead(answer.status, { ...answer.headers, ...headers })
  const body = how === "gzip" ? createGzip({ level: 1 }) : response
  if (body !== response) body.pipe(response)
  response.once("close", () => body.destroy())
  await write(body, answer.body.subarray(0, -1))
  for (let sent = 0; sent < padding && !body.destroyed; sent += blanks.length) await write(body, blanks)
  body.end(answer.body.subarray(-1))
}

const slow = async ({ response, sleep }: ClientConnection, answer: ReplyAnswer, bytes: number, every: number) => {
  response.writeHead(answer.status, { ...answer.headers, "content-length": String(answer.body.length) })
  response.flushHeaders()
  for (let at = 0; at < answer.body.length && !response.destroyed; at += bytes) {
    await sleep(every)
    await write(response, answer.body.subarray(at, at + bytes))
  }
  response.end()
}

const oneByte = async ({ response }: ClientConnection, answer: ReplyAnswer) => {
  response.socket?.setNoDelay(true)
  response.writeHead(answer.status, { ...answer.headers, "content-length": String(answer.body.length) })
  for (let at = 0; at < answer.body.length && !response.destroyed; at++) {
    await write(response, answer.body.subarray(at, at + 1))
  }
  response.end()
}

/** Sends an answer. If there is a fault of delivery, it decides how. */
export const deliver = async (line: ClientConnection, answer: ReplyAnswer, fault: Fault | undefined): Promise<void> => {
  switch (fault?.fault) {
    case "silence":
      return
    case "truncated":
      return truncated(line, answer, fault.how, fault.keep)
    case "reset":
      return reset(line, answer, fault.at)
    case "oversized":
      return oversized(line, answer, fault.mib, fault.how ?? "chunked")
    case "slow":
      return slow(line, answer, fault.bytes, fault.every_ms)
    case "one_byte":
      return oneByte(line, await encoded(answer, line.acceptsGzip))
    default:
      return whole(line, await encoded(answer, line.acceptsGzip))
  }
}
