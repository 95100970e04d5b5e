/** N10 and N11: there is no connection, or the server must not get a signed request. */
import { assert } from "@effect/vitest"
import { Effect, Runtime } from "effect"
import dns from "node:dns"
import type { ServerOptions } from "node:https"
import mfa from "../../../pipelines/mfa.ts"
import { DuoError } from "../../../src/duo/DuoError.ts"
import { listen } from "../../../src/emulator/server/Loopback.ts"
import * as Run from "../../../src/run/Run.ts"
import { another, expired, good, key } from "../../support/servers/certificates.ts"
import { host, ikey, skey } from "../../support/servers/duo-fake.ts"
import { behindProxy, environment, trust } from "../../support/servers/real-host.ts"
import { type Case, type Reached, sum } from "../Case.ts"
import { alone, inWorld } from "./table/Extraction.ts"
import * as FastTime from "./table/FastTime.ts"

interface Ending {
  readonly tag: string
  /** The number of attempts that the message names; 1 if it names none. */
  readonly attempts: number
  readonly says: RegExp
}

/** Runs against a host, and checks how the run ends. The exit code is always 69. */
const ends = Effect.fnUntraced(function*(name: string, duoHost: string, { attempts, says, tag }: Ending) {
  const time = yield* FastTime.make
  const duo = { host: duoHost, ikey, skey, requests: [] }
  const run = Run.dryRun(mfa, { pageSize: undefined, concurrency: 1, toolVersion: "0.0.0" })
  const { error, log } = yield* inWorld({ duo, time }, {}, run)
  if (!(error instanceof DuoError)) return assert.fail(`${name}: ${error?.message ?? "it went through"}`)
  assert.strictEqual(error.reason._tag, tag, `${name}: ${error.message}`)
  assert.strictEqual(error[Runtime.errorExitCode], 69, name)
  assert.strictEqual(error.attempts, attempts, name)
  assert.match(error.message, says, name)
  for (const secret of [ikey, skey]) assert.notInclude(`${error.message}${JSON.stringify(error)}${log}`, secret)
})

/** A server with the host's name, and the reason why a client must not trust it. */
interface Server {
  readonly name: string
  readonly tls: ServerOptions | undefined
  readonly trusted?: string
  readonly code: RegExp
}

const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } as const

const untrusted: ReadonlyArray<Server> = [
  { name: "a certificate of its own", tls: { cert: good, key }, code: /DEPTH_ZERO_SELF_SIGNED_CERT/ },
  { name: "an expired certificate", tls: { cert: expired, key }, trusted: expired, code: /CERT_HAS_EXPIRED/ },
  { name: "a certificate of another name", tls: { cert: another, key }, trusted: another, code: /ALTNAME_INVALID/ },
  { name: "TLS 1.1", tls: { cert: good, key, ...old }, trusted: good, code: /(PROTOCOL|EPROTO)/ }
]

/**
 * Checks that the server gets one TLS connection and no request, even if the environment turns certificate checks off.
 */
const refuses = ({ code, name, tls, trusted }: Server) =>
  alone(Effect.gen(function*() {
    if (trusted !== undefined) yield* trust(trusted)
    yield* environment({ NODE_TLS_REJECT_UNAUTHORIZED: "0" })
    const seen = yield* behindProxy(200, tls)
    yield* ends(name, host, { tag: "Tls", attempts: 1, says: new RegExp(`cannot be trusted: .*${code.source}`) })
    assert.deepStrictEqual(seen, { connects: [`${host}:443`], requests: [] }, name)
    return { [name]: seen.connects.length }
  }))

const unnamed = alone(Effect.gen(function*() {
  let lookups = 0
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const { lookup } = dns
      Object.assign(dns, {
        lookup: (...[, , done]: [string, unknown, (error: Error) => void]) => {
          lookups++
          process.nextTick(done, Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }))
        }
      })
      return lookup
    }),
    (lookup) => Effect.sync(() => Object.assign(dns, { lookup }))
  )
  yield* environment({ HTTPS_PROXY: "", https_proxy: "" })
  yield* ends("DNS", host, { tag: "Transport", attempts: 6, says: /There is no host .*DUO_HOST/ })
  assert.strictEqual(lookups, 6)
  return { "a name that nobody has": lookups }
}))

const nobody = alone(Effect.gen(function*() {
  const port = yield* Effect.scoped(listen(0, () => {}))
  const says = /cannot be reached.*ECONNREFUSED/
  yield* ends("nobody listens", `127.0.0.1:${port}`, { tag: "Transport", attempts: 6, says })
  return { "nobody listens": 6 }
}))

const proxies: ReadonlyArray<readonly [name: string, status: number, tls: ServerOptions | undefined, Ending]> = [
  ["a proxy's 407", 407, undefined, { tag: "NotDuo", attempts: 1, says: /the proxy answered HTTP 407/ }],
  ["a proxy's 403", 403, undefined, { tag: "NotDuo", attempts: 1, says: /the proxy answered HTTP 403/ }],
  ["a proxy's 503", 503, undefined, { tag: "Transport", attempts: 6, says: /the proxy answered HTTP 503/ }],
  ["CONNECT to another host", 200, { cert: another, key }, { tag: "Tls", attempts: 1, says: /cannot be trusted/ }],
  ["CONNECT to something without TLS", 200, undefined, { tag: "Tls", attempts: 1, says: /cannot be trusted/ }]
]

const misled = ([name, status, tls, ending]: typeof proxies[number]) =>
  alone(Effect.gen(function*() {
    const seen = yield* behindProxy(status, tls)
    yield* ends(name, host, ending)
    assert.deepStrictEqual([seen.connects.length, seen.requests], [ending.attempts, []], name)
    return { [name]: seen.connects.length }
  }))

const all = (effects: ReadonlyArray<Effect.Effect<Reached, unknown>>) => Effect.map(Effect.all(effects), sum)

export const cases: ReadonlyArray<Case> = [
  {
    id: "N10",
    fault: "DNS fails, or nobody listens; a certificate that is expired, self-signed or for another name; TLS 1.1",
    expected: "after a failure of TLS there is no request and no retry, after the others there are retries; exit 69",
    n: { test: 1, torture: 1 },
    run: () => all([...untrusted.map(refuses), unnamed, nobody])
  },
  {
    id: "N11",
    fault: "a proxy answers 407, or connects to another host",
    expected: "a message says so, exit 69, and no request arrives",
    n: { test: 1, torture: 1 },
    run: () => all(proxies.map(misled))
  }
]
