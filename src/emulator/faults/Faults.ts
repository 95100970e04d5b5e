/** Applies faults to replies: to their fields, and then to their bytes. */
import { dumps, parseObject, quote } from "../people/PythonJson.ts"
import { refuse, type Reply, type ReplyPage } from "../server/Reply.ts"
import type { Due, RetryAfter } from "./Scenario.ts"

const portal =
  "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in to Wi-Fi</h1></body></html>\n"
const html = { server: "nginx", "content-type": "text/html; charset=utf-8" }

/** A 429, with the header that says when to try again. */
export const tooMany = (style: RetryAfter, seconds: number, now: number): Reply => {
  switch (style) {
    case "none":
      return refuse(42901)
    case "seconds":
      return refuse(42901, { headers: { "retry-after": String(seconds) } })
    case "http-date":
      return refuse(42901, { headers: { "retry-after": new Date((now + seconds) * 1000).toUTCString() } })
    case "x-retry-after":
      return refuse(42901, { headers: { "x-retry-after": String(seconds) } })
  }
}

const withMetadata = (page: ReplyPage, name: string, text: string | undefined): ReplyPage => ({
  ...page,
  metadata: Object.fromEntries([
    ...Object.entries(page.metadata ?? {}).filter(([key]) => key !== name),
    ...(text === undefined ? [] : [[name, text] as const])
  ])
})

const nextOffset = (to: string, page: ReplyPage, memory: Map<string, string>): string | undefined => {
  const next = page.metadata?.["next_offset"] ?? String(page.offset + page.limit)
  switch (to) {
    case "null":
      return "null"
    case "same":
      return String(page.offset)
    case "smaller":
      return String(page.offset - 1)
    case "negative":
      return "-100"
    case "string":
      return quote(next)
    case "empty_string":
      return `""`
    case "float":
      return `${next}.5`
    case "huge":
      return "2147483648"
    case "repeated": {
      const first = memory.get("next_offset") ?? next
      memory.set("next_offset", first)
      return first
    }
    default:
      return undefined
  }
}

/** Sets a field to any JSON text, even to one that JSON.parse would change. */
const withField = (user: string, name: string, json: string | undefined): string => {
  const { [name]: _, ...rest } = parseObject(user)
  const mark = "\u0000here\u0000"
  const marked = Object.fromEntries([...Object.entries(rest), ...(json === undefined ? [] : [[name, mark] as const])])
  return dumps(marked).replace(quote(mark), () => json ?? "")
}

const onPage = (page: ReplyPage, { fault, memory }: Due): ReplyPage => {
  switch (fault.fault) {
    case "drop_users":
      return { ...page, items: Array.from(page.items).slice(0, -fault.count) }
    case "no_metadata":
      return { ...page, metadata: undefined }
    case "next_offset":
      return withMetadata(page, "next_offset", nextOffset(fault.to, page, memory))
    case "total_objects": {
      const total = Number(page.metadata?.["total_objects"] ?? 0) + (fault.add ?? 0)
      return withMetadata(page, "total_objects", fault.json ?? String(total))
    }
    case "field": {
      const items = Array.from(
        page.items,
        (user, n) => fault.user === "every" || n === (fault.user ?? 0) ? withField(user, fault.name, fault.json) : user
      )
      return { ...page, items }
    }
    default:
      return page
  }
}

/** Applies a fault to a reply. Faults of other kinds leave the reply as it is. */
export const onReply = (reply: Reply, due: Due, now: number): Reply => {
  const { fault } = due
  switch (fault.fault) {
    case "status":
      return refuse(fault.code, {
        detail: fault.detail,
        ...(fault.message === undefined ? {} : { message: fault.message }),
        ...(fault.http === undefined ? {} : { status: fault.http })
      })
    case "empty_code":
      return { ...refuse(40002), code: `""`, status: fault.http ?? 400, message: fault.message ?? "Invalid request" }
    case "rate_limit":
      return fault.raw === undefined
        ? tooMany(fault.retry_after ?? "none", fault.seconds ?? 1, now)
        : refuse(42901, { headers: { "retry-after": fault.raw } })
    case "key_rotated":
      return refuse(40103)
    case "fail_200":
      return refuse(fault.code ?? 50001, {
        status: 200,
        ...(fault.message === undefined ? {} : { message: fault.message })
      })
    case "html":
      return { kind: "foreign", status: fault.http ?? 200, headers: html, body: portal }
    case "empty":
      return { kind: "foreign", status: fault.http ?? 200, headers: { server: "nginx" }, body: "" }
    case "redirect":
      return { kind: "foreign", status: fault.http ?? 302, headers: { location: fault.to, ...html }, body: portal }
    case "no_stat":
      return reply.kind === "page"
        ? {
          kind: "foreign",
          status: 200,
          headers: { "content-type": "application/json" },
          body: `{"response": [${Array.from(reply.items).join(", ")}]}`
        }
        : reply
    default:
      return reply.kind === "page" ? onPage(reply, due) : reply
  }
}

/** Applies a fault to the bytes of a reply. Faults of other kinds leave them as they are. */
export const onBytes = (body: Buffer, { fault }: Due): Buffer => {
  switch (fault.fault) {
    case "bom":
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body])
    case "invalid_utf8": {
      /** The place for the bytes: inside the first username, or at the end if there is none. */
      const at = body.indexOf(`"username": "`) < 0 ? body.length : body.indexOf(`"username": "`) + 13
      return Buffer.concat([body.subarray(0, at), Buffer.from([0xc3, 0x28, 0xff]), body.subarray(at)])
    }
    default:
      return body
  }
}
