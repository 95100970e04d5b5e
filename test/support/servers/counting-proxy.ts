/** A proxy before a server of the tests. It counts the requests, and can do something before or after one of them. */
import { Effect } from "effect"
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** Called for the n-th request: `before` it is forwarded, and `after` it was answered, before the client gets the answer. */
export type OnRequest = (number: number, when: "before" | "after") => Promise<boolean>

/** Starts a proxy that forwards to a URL. A request or an answer goes on only if `onRequest` says so. */
export const counting = (to: string, onRequest: OnRequest) =>
  Effect.gen(function*() {
    const seen: Array<string> = []
    const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
      const chunks: Array<Buffer> = []
      for await (const chunk of incoming) chunks.push(chunk)
      const number = seen.push(`${incoming.method} ${incoming.url}`)
      if (!(await onRequest(number, "before"))) return incoming.socket.destroy()
      const forwarded = request(`${to}${incoming.url}`, { method: incoming.method, headers: incoming.headers })
      forwarded.once("response", async (answer) => {
        const body: Array<Buffer> = []
        for await (const chunk of answer) body.push(chunk)
        if (!(await onRequest(number, "after"))) return incoming.socket.destroy()
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        outgoing.end(Buffer.concat(body))
      })
      forwarded.once("error", () => incoming.socket.destroy())
      forwarded.end(Buffer.concat(chunks))
    }
    const server = createServer((incoming, outgoing) => void handle(incoming, outgoing))
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () => Effect.sync(() => (server.closeAllConnections(), server.close()))
    )
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
  })
