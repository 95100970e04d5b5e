/** An HTTP server that only this machine can reach. It stops at once when its scope closes. */
import { Effect, Runtime, Schema, type Scope } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { ExitCode } from "../../failure/ExitCode.ts"

/** The emulator could not listen. */
export class EmulatorError extends Schema.TaggedError<EmulatorError>()("EmulatorError", {
  port: Schema.Int,
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.unavailable
  override get message() {
    return `The emulator cannot listen on 127.0.0.1:${this.port}: ${this.detail}. Name another port, or 0 for a free one.`
  }
}

/** Answers one request; `connection` counts the connections from 1. */
export type Handler = (request: IncomingMessage, response: ServerResponse, connection: number) => void

/** Starts a server on 127.0.0.1 and returns its port. */
export const listen = (port: number, handler: Handler): Effect.Effect<number, EmulatorError, Scope.Scope> => {
  const numbers = new WeakMap<Socket, number>()
  let connections = 0
  const make = () => {
    const server = createServer({ keepAliveTimeout: 60_000, noDelay: true }, (request, response) => {
      handler(request, response, numbers.get(request.socket) ?? 0)
    })
    server.on("connection", (socket) => {
      numbers.set(socket, ++connections)
      socket.on("error", () => {})
    })
    return server
  }
  if (port < 0 || port > 65_535) return Effect.fail(new EmulatorError({ port, detail: "a port is at most 65535" }))
  return Effect.acquireRelease(
    Effect.callback<ReturnType<typeof make>, EmulatorError>((resume) => {
      const server = make()
      server.once("error", (cause) => resume(Effect.fail(new EmulatorError({ port, detail: cause.message }))))
      server.listen({ port, host: "127.0.0.1" }, () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  ).pipe(
    Effect.map((server) => {
      const address = server.address()
      return typeof address === "object" && address !== null ? address.port : port
    })
  )
}
