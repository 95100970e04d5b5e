/**
 * A Duo that needs almost no processor time for its authentication log: invented logins that are written once, and cut into
 * pages. It checks no signatures and does not compress, so that only the client is measured. `serve-log.ts DIRECTORY LOGINS
 * DAYS` prints its host and the part of time that the logins are in.
 */
import { once } from "node:events"
import { createWriteStream } from "node:fs"
import { open } from "node:fs/promises"
import { createServer } from "node:http"
import { join } from "node:path"
import * as LoginLog from "../src/emulator/log/LoginLog.ts"
import * as Tenant from "../src/emulator/people/Tenant.ts"

const day = 86_400_000
const [directory = "", logins = "", days = ""] = process.argv.slice(2)
const last = Math.floor(Date.now() / day)
const first = last - Number(days)
const log = LoginLog.make({
  people: "hostile",
  seed: 1,
  users: LoginLog.usersOf(Tenant.make({ people: "hostile", users: 2000 })),
  perDay: (on) => on >= first && on < last ? Math.floor(Number(logins) / Number(days)) : 0,
  latePercent: 0
})

const separator = ", "
const path = join(directory, "logins")
const millis: Array<number> = []
const txids: Array<string> = []
const starts = [0]
const out = createWriteStream(path)
for (let on = first; on < last; on++) {
  const whole = { from: on * day, to: (on + 1) * day - 1, now: Date.now() }
  for (const entry of log.page(whole, { limit: Infinity, after: undefined, isAscending: true })) {
    const text = `${entry.text}${separator}`
    millis.push(entry.millis)
    txids.push(entry.txid)
    starts.push((starts.at(-1) ?? 0) + Buffer.byteLength(text))
    if (!out.write(text)) await once(out, "drain")
  }
}
out.end()
await once(out, "close")
const file = await open(path)

/** The first place whose time is at least `at`. */
const placeOf = (at: number) => {
  let [low, high] = [0, millis.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((millis[middle] ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}

const page = async (params: URLSearchParams) => {
  const [from, to] = [Number(params.get("mintime")), Number(params.get("maxtime"))]
  const end = placeOf(to + 1)
  const offset = params.getAll("next_offset").flatMap((value) => value.split(","))
  const [at, txid = ""] = offset.toSorted((a, b) => a.length - b.length)
  const before = at === undefined ? from : Number(at)
  let place = placeOf(before)
  if (at !== undefined) { while (millis[place] === before && (txids[place] ?? "") <= txid) place++ }
  const stop = Math.min(end, place + Number(params.get("limit") ?? 100))
  const length = stop > place ? (starts[stop] ?? 0) - (starts[place] ?? 0) - separator.length : 0
  const next = stop < end ? `["${millis[stop - 1]}", "${txids[stop - 1]}"]` : "null"
  const head = `{"response": {"authlogs": [`
  const total = Math.max(0, end - placeOf(from))
  const tail = `], "metadata": {"next_offset": ${next}, "total_objects": ${total}}}, "stat": "OK"}`
  const body = Buffer.allocUnsafe(head.length + length + tail.length)
  body.write(head)
  if (length > 0) await file.read(body, head.length, length, starts[place] ?? 0)
  body.write(tail, head.length + length)
  return body
}

const server = createServer((request, response) =>
  page(new URL(request.url ?? "", "http://loopback").searchParams).then((body) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length })
    response.end(body)
  })
)
server.keepAliveTimeout = 60_000
await once(server.listen(0, "127.0.0.1"), "listening")
const address = server.address()
const host = `127.0.0.1:${typeof address === "object" ? address?.port : 0}`
process.stdout.write(`${JSON.stringify({ host, from: first * day, to: last * day, logins: millis.length })}\n`)
