/** No connection accepts an untrusted certificate, even with NODE_TLS_REJECT_UNAUTHORIZED=0. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { createServer as createHttps } from "node:https"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { TLSSocket } from "node:tls"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { main } from "../../support/processes/bundle.ts"
import { inFolder, program, settings, start } from "../../support/processes/program.ts"
import { good, key, local } from "../../support/servers/certificates.ts"
import { listenBehindProxy } from "../../support/servers/real-host.ts"

const untrusting = { NODE_TLS_REJECT_UNAUTHORIZED: "0" }
const keys = { DUO_IKEY: "DI000000000000000000", DUO_SKEY: "0".repeat(40), DUO_SIGNATURE: "v5-sha512", DUO_API: "v1" }
const real = { ...keys, DUO_HOST: "api-12345678.duosecurity.com" }

const listening = (server: Server) =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
    }),
    () => Effect.sync(() => server.close())
  )

/** A server with an untrusted certificate, and the requests that it got. */
const https = Effect.fnUntraced(function*(cert: string) {
  const requests: Array<string> = []
  let connections = 0
  const server = createHttps({ cert, key }, (request, response) => {
    requests.push(String(request.url))
    response.end(`{"stat": "OK", "response": []}`)
  })
  server.on("connection", () => connections++)
  return { requests, connections: () => connections, port: yield* listening(server) }
})

/** The part of PostgreSQL that comes before the password: it accepts TLS, and keeps what a client sends. */
const database = Effect.gen(function*() {
  const received: Array<string> = []
  const server = createServer((socket: Socket) => {
    socket.on("error", () => undefined).once("data", () => {
      socket.write("S")
      new TLSSocket(socket, { isServer: true, cert: local, key })
        .on("error", () => undefined)
        .on("data", (data) => received.push(String(data)))
    })
  })
  return { told: received, port: yield* listening(server) }
})

/** The warnings about the variable. Node's own warning would say the opposite. */
const warnedOnce = (stderr: string) => {
  const lines = stderr.split("\n").filter((line) => line.includes("NODE_TLS_REJECT_UNAUTHORIZED"))
  assert.lengthOf(lines, 1, stderr)
  assert.match(lines.join(), /^warn: NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect/)
}

describe("under NODE_TLS_REJECT_UNAUTHORIZED=0", () => {
  it.live("Duo gets no request, directly or through a proxy", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const direct = yield* https(good)
      // the name of one of Duo's hosts leads to the server of this test
      writeFileSync(
        `${folder}/resolve.cjs`,
        `const tls = require("node:tls"), { connect } = tls
         tls.connect = (options) => connect({ ...options, host: "127.0.0.1", port: ${direct.port} })`
      )
      const entry = ["--require", `${folder}/resolve.cjs`, main.entry]
      const { proxy, seen } = yield* listenBehindProxy(200, { cert: good, key })
      const ended = [
        yield* Effect.promise(() => start(folder, ["extract", "--dry-run"], { ...real, ...untrusting }, entry).ended),
        yield* program(folder, ["extract", "--dry-run"], { ...real, ...untrusting, HTTPS_PROXY: proxy })
      ]
      for (const { code, stderr } of ended) {
        assert.strictEqual(code, 69, stderr)
        assert.include(stderr, "DEPTH_ZERO_SELF_SIGNED_CERT")
        warnedOnce(stderr)
      }
      assert.deepStrictEqual([direct.requests, seen.requests], [[], []])
      assert.deepStrictEqual([direct.connections(), seen.connects.length], [1, 1])
    })), 60_000)

  it.live("a proxy over TLS gets no request", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const proxy = yield* https(local)
      const env = { ...real, ...untrusting, HTTPS_PROXY: `https://127.0.0.1:${proxy.port}` }
      const { code, stderr } = yield* program(folder, ["extract", "--dry-run"], env)
      assert.strictEqual(code, 69, stderr)
      assert.isAbove(proxy.connections(), 0)
      assert.deepStrictEqual(proxy.requests, [])
    })), 60_000)

  it.live("a webhook and a collector get nothing", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const webhook = yield* https(local)
      const collector = yield* https(local)
      const { code, stderr } = yield* program(folder, ["extract", "--dry-run"], {
        ...settings(yield* serve({ users: 3 })),
        ...untrusting,
        DUO_MFA_NOTIFY: `https://127.0.0.1:${webhook.port}/hook`,
        OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.1:${collector.port}`
      })
      assert.strictEqual(code, 0, stderr)
      assert.isAbove(webhook.connections(), 0)
      assert.isAbove(collector.connections(), 0)
      assert.deepStrictEqual([...webhook.requests, ...collector.requests], [])
      warnedOnce(stderr)
    })), 60_000)

  for (const sslmode of ["verify-full", "verify-ca"]) {
    it.live(`PostgreSQL gets nothing with sslmode=${sslmode}`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const { port, told } = yield* database
        const sink = `postgres:postgres://duo@localhost:${port}/reports?sslmode=${sslmode}`
        const env = { ...settings(yield* serve({ users: 3 })), ...untrusting, PGPASSWORD: "secret" }
        const { code, stderr } = yield* program(folder, ["extract", "--sink", sink], env)
        assert.strictEqual(code, 73, stderr)
        assert.include(stderr, "DEPTH_ZERO_SELF_SIGNED_CERT")
        assert.deepStrictEqual(told, [])
        warnedOnce(stderr)
      })), 60_000)
  }

  it.live("no warning is printed if the variable has another value", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { stderr } = yield* program(folder, ["--version"], { NODE_TLS_REJECT_UNAUTHORIZED: "1" })
      assert.strictEqual(stderr, "")
    })))
})
