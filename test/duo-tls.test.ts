/** Duo's real host names: through the proxy of the environment, and never without a certificate that can be trusted. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Runtime } from "effect"
import { createServer as createProxy } from "node:http"
import { createServer as createDuo } from "node:https"
import { type AddressInfo, connect, type Server } from "node:net"
import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { Client } from "../src/duo/Client.ts"
import * as HttpTransport from "../src/duo/HttpTransport.ts"
import { host, settings, withoutMuchWaiting } from "./duo-fake.ts"

/** Of nobody, for api-12345678.duosecurity.com, made for this test, good until 2126. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBzjCCAXSgAwIBAgIUBwctrmFjEa919KNqpkZr2VvETiIwCgYIKoZIzj0EAwIw
JzElMCMGA1UEAwwcYXBpLTEyMzQ1Njc4LmR1b3NlY3VyaXR5LmNvbTAgFw0yNjEx
MjMyMTA5NTNaGA8yMTI2MTAzMDIxMDk1M1owJzElMCMGA1UEAwwcYXBpLTEyMzQ1
Njc4LmR1b3NlY3VyaXR5LmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNBv
Ppn3XRl3HNAIIlQjx9pF4s0O0XTWYY/B4p2roJXpt4otCRqKsKkLZQ8ReCr3QZYB
kqEGU+jfLdr/jGTjGW+jfDB6MB0GA1UdDgQWBBS2i11D2Z5vR1637INfSTV15bOX
hTAfBgNVHSMEGDAWgBS2i11D2Z5vR1637INfSTV15bOXhTAPBgNVHRMBAf8EBTAD
AQH/MCcGA1UdEQQgMB6CHGFwaS0xMjM0NTY3OC5kdW9zZWN1cml0eS5jb20wCgYI
KoZIzj0EAwIDSAAwRQIgdkUL6IWxxStFbI3F4ZDeZV4cx5+I9IntWbDZD9Ok+qoC
IQD5cmPlGqu/XO62RQpShBtFPxxMFlYAm2/4sm02F00hcw==
-----END CERTIFICATE-----`
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVbdUUIt8MT8O8HLa
Jpp+dExZLFJP/DliCmeWCTiXqvKhRANCAATQbz6Z910ZdxzQCCJUI8faReLNDtF0
1mGPweKdq6CV6beKLQkairCpC2UPEXgq90GWAZKhBlPo3y3a/4xk4xlv
-----END PRIVATE KEY-----`

const listening = (server: Server) =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
    }),
    () => Effect.sync(() => server.close())
  )

const environment = (values: Record<string, string>) =>
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

/** A Duo with that certificate behind a proxy that answers CONNECT with the status; what each of them has seen. */
const behindProxy = Effect.fnUntraced(function*(status: number) {
  const seen: { connects: Array<string>; requests: Array<string> } = { connects: [], requests: [] }
  const duo = createDuo({ cert, key }, (request, response) => {
    seen.requests.push(`${request.headers.host} ${request.url}`)
    response.end("{\"stat\": \"OK\", \"response\": []}")
  })
  const duoPort = yield* listening(duo)
  const proxy = createProxy()
  proxy.on("connect", (request, socket) => {
    seen.connects.push(request.url ?? "")
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
    const upstream = connect(duoPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n")
      upstream.pipe(socket)
      socket.pipe(upstream)
    })
    for (const end of [socket, upstream]) end.on("error", () => socket.destroy())
  })
  const proxyPort = yield* listening(proxy)
  yield* environment({ HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`, NO_PROXY: "" })
  return seen
})

const call = Client.use((client) => client.call("/admin/v1/users", { limit: "1" })).pipe(
  Effect.provide(Client.layerNoDeps.pipe(Layer.provide(HttpTransport.layer), Layer.provide(Layer.orDie(settings()))))
)

describe("A real host", () => {
  it.effect("is reached through HTTPS_PROXY, inside TLS, once its certificate is trusted", () =>
    Effect.gen(function*() {
      const seen = yield* behindProxy(200)
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          const before = getCACertificates("default")
          setDefaultCACertificates([...before, cert])
          return before
        }),
        (before) => Effect.sync(() => setDefaultCACertificates(before))
      )
      const { response } = yield* call
      assert.deepStrictEqual(response, [])
      assert.deepStrictEqual(seen, { connects: [`${host}:443`], requests: [`${host} /admin/v1/users?limit=1`] })
    }))

  it.effect("is not sent anything, not even with NODE_TLS_REJECT_UNAUTHORIZED=0, if its certificate is not", () =>
    Effect.gen(function*() {
      yield* environment({ NODE_TLS_REJECT_UNAUTHORIZED: "0" })
      const seen = yield* behindProxy(200)
      const error = yield* Effect.flip(call)
      assert.deepStrictEqual(seen, { connects: [`${host}:443`], requests: [] })
      assert.deepInclude(error.reason, { _tag: "Tls", detail: "DEPTH_ZERO_SELF_SIGNED_CERT" })
      assert.strictEqual(error[Runtime.errorExitCode], 69)
    }))

  it.effect("behind a proxy that wants credentials is not asked again", () =>
    Effect.gen(function*() {
      const seen = yield* behindProxy(407)
      const error = yield* Effect.flip(call)
      assert.deepInclude(error.reason, { _tag: "NotDuo", detail: "the proxy answered HTTP 407" })
      assert.lengthOf(seen.connects, 1)
    }))

  it.effect("behind a proxy that is out of order is asked again", () =>
    Effect.gen(function*() {
      const seen = yield* behindProxy(503)
      const error = yield* withoutMuchWaiting(Effect.flip(call))
      assert.deepInclude(error.reason, { _tag: "Transport", detail: "the proxy answered HTTP 503" })
      assert.lengthOf(seen.connects, 6)
    }))
})
