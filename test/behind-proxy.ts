/** A Duo of a real host name, behind a proxy, with a certificate that nobody trusts unless told to. */
import { Effect } from "effect"
import { createServer as createProxy } from "node:http"
import { createServer as createDuo } from "node:https"
import { type AddressInfo, connect, type Server } from "node:net"

/** Of nobody, for api-12345678.duosecurity.com, made for this test, good until 2126. */
export const cert = `-----BEGIN CERTIFICATE-----
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

/** Where the proxy is, which answers CONNECT with the status; and what the two of them have seen. */
export const listenBehindProxy = Effect.fnUntraced(function*(status: number) {
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
  return { seen, proxy: `http://127.0.0.1:${proxyPort}` }
})
