/** A server with a name like Duo's hosts and a certificate. Clients reach it through the environment's proxy. */
import { Effect } from "effect"
import { createServer as createProxy } from "node:http"
import { createServer as createDuo, type ServerOptions } from "node:https"
import { type AddressInfo, connect, createServer as createPlain, type Server } from "node:net"
import { getCACertificates, setDefaultCACertificates } from "node:tls"

const listening = (server: Server) =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
    }),
    () => Effect.sync(() => server.close())
  )

/** Sets variables of the environment until the scope closes. */
export const environment = (values: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = Object.keys(values).map((name) => [name, process.env[name]] as const)
      Object.assign(process.env, values)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name]
          else process.env[name] = value
        }
      })
  )

/** Trusts a certificate until the scope closes. */
export const trust = (certificate: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = getCACertificates("default")
      setDefaultCACertificates([...before, certificate])
      return before
    }),
    (before) => Effect.sync(() => setDefaultCACertificates(before))
  )

/** The requests to the proxy, and to the server behind it. */
export interface SeenRequest {
  readonly connects: ReadonlyArray<string>
  readonly requests: ReadonlyArray<string>
}

/** A server with a certificate or without TLS, behind a proxy that answers CONNECT with the status. */
export const listenBehindProxy = Effect.fnUntraced(function*(status: number, tls: ServerOptions | undefined) {
  const connects: Array<string> = []
  const requests: Array<string> = []
  const duoPort = yield* listening(
    tls === undefined
      ? createPlain((socket) => socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n"))
      : createDuo(tls, (request, response) => {
        requests.push(`${request.headers.host} ${request.url}`)
        response.end(`{"stat": "OK", "response": []}`)
      })
  )
  const proxy = createProxy()
  proxy.on("connect", (request, socket) => {
    connects.push(request.url ?? "")
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
    const upstream = connect(duoPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n")
      upstream.pipe(socket)
      socket.pipe(upstream)
    })
    for (const end of [socket, upstream]) end.on("error", () => socket.destroy())
  })
  const proxyPort = yield* listening(proxy)
  const seen: SeenRequest = { connects, requests }
  return { seen, proxy: `http://127.0.0.1:${proxyPort}` }
})

/** The same, with its proxy set in the environment of this process. */
export const behindProxy = Effect.fnUntraced(function*(...given: Parameters<typeof listenBehindProxy>) {
  const { proxy, seen } = yield* listenBehindProxy(...given)
  yield* environment({ HTTPS_PROXY: proxy, NO_PROXY: "" })
  return seen
})
