/** A webhook on loopback that keeps the messages that it gets. */
import { Effect } from "effect"
import type { IncomingHttpHeaders, ServerResponse } from "node:http"
import { listen } from "../../../src/emulator/server/Loopback.ts"

export interface Post {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Starts a webhook. By default it answers that everything is well. */
export const hook = Effect.fnUntraced(function*(answer: (response: ServerResponse) => void = (_) => _.end("ok")) {
  const posts: Array<Post> = []
  const waiting: Array<() => void> = []
  const port = yield* listen(0, (request, response) => {
    let body = ""
    request.on("data", (data) => body += String(data))
    request.on("end", () => {
      posts.push({ method: request.method, path: request.url, headers: request.headers, body })
      for (const resume of waiting.splice(0)) resume()
      answer(response)
    })
  })
  const posted = Effect.callback<void>((resume) => {
    if (posts.length > 0) resume(Effect.void)
    else waiting.push(() => resume(Effect.void))
  })
  return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, posts, told: posted }
})
