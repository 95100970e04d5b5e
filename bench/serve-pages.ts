/**
 * A Duo that needs almost no processor time: invented users that are written once and cut into pages of any size. It checks no
 * signatures and does not compress, so that only the client is measured. `serve-pages.ts DIRECTORY USERS...` listens on a port for each size.
 */
import { once } from "node:events"
import { createWriteStream } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { createServer } from "node:http"
import { join } from "node:path"
import * as Tenant from "../src/emulator/people/Tenant.ts"

const separator = ", "

/** Texts one after the other in a file, so that one read gives a page of them. */
interface Recorded {
  readonly file: FileHandle
  /** The offset of each text, and the end of the last one. */
  readonly starts: Float64Array
}

const record = async (path: string, count: number, text: (at: number) => string): Promise<Recorded> => {
  const starts = new Float64Array(count + 1)
  const out = createWriteStream(path)
  for (let at = 0, end = 0; at < count; at++) {
    const item = `${text(at)}${separator}`
    end += Buffer.byteLength(item)
    starts[at + 1] = end
    if (!out.write(item)) await once(out, "drain")
  }
  out.end()
  await once(out, "close")
  return { file: await open(path), starts }
}

/** The answer for `limit` and `offset` from the first `total` texts. */
const page = async ({ file, starts }: Recorded, total: number, limit: number, offset: number) => {
  const from = Math.min(offset, total)
  const to = Math.min(offset + limit, total)
  const start = starts[from] ?? 0
  const length = Math.max(0, (starts[to] ?? 0) - start - separator.length)
  const next = to < total ? `"next_offset": ${to}, ` : ""
  const previous = from > 0 ? `"prev_offset": ${Math.max(0, from - limit)}, ` : ""
  const head = `{"metadata": {${next}${previous}"total_objects": ${total}}, "response": [`
  const tail = `], "stat": "OK"}`
  const body = Buffer.allocUnsafe(head.length + length + tail.length)
  body.write(head)
  await file.read(body, head.length, length, start)
  body.write(tail, head.length + length)
  return body
}

const [directory = "", ...sizes] = process.argv.slice(2)
const largest = Tenant.make({ people: "hostile", users: Math.max(...sizes.map(Number)) })
const users = await record(join(directory, "users"), largest.size(), largest.text)
const codes = await record(join(directory, "bypass-codes"), largest.bypassCodes(), largest.bypassCode)

const listen = async (size: number) => {
  // user n and code n are the same in tenants of any size
  const lists = {
    "/admin/v2/users": { recorded: users, total: size, most: 500 },
    "/admin/v1/users": { recorded: users, total: size, most: 300 },
    "/admin/v1/bypass_codes": {
      recorded: codes,
      total: Tenant.make({ people: "hostile", users: size }).bypassCodes(),
      most: 500
    }
  }
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://loopback")
    const list = Object.entries(lists).find(([path]) => path === pathname)?.[1]
    if (list === undefined) {
      response.writeHead(404, { "content-type": "application/json" })
      return response.end(`{"code": 40401, "message": "Resource not found", "stat": "FAIL"}`)
    }
    const limit = Math.min(Number(searchParams.get("limit") ?? 100), list.most)
    return page(list.recorded, list.total, limit, Number(searchParams.get("offset") ?? 0)).then((body) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": body.length })
      response.end(body)
    })
  })
  server.keepAliveTimeout = 60_000
  await once(server.listen(0, "127.0.0.1"), "listening")
  const address = server.address()
  return { users: size, host: `127.0.0.1:${typeof address === "object" ? address?.port : 0}` }
}

process.stdout.write(`${JSON.stringify(await Promise.all(sizes.map((size) => listen(Number(size)))))}\n`)
