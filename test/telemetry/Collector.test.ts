/** How the collector of telemetry is set and reached. One that accepts nothing changes nothing about the run. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Redacted } from "effect"
import { chmodSync, writeFileSync } from "node:fs"
import { serve } from "../../src/emulator/server/Emulator.ts"
import * as Otlp from "../../src/telemetry/Otlp.ts"
import { command } from "../support/processes/command.ts"
import { inFolder, settings, start } from "../support/processes/program.ts"
import { neverDone, untilItWaits } from "../support/processes/waiting.ts"
import { another, good, key } from "../support/servers/certificates.ts"
import { collect, type Span, valuesOf } from "../support/servers/collector.ts"
import { behindProxy, trust } from "../support/servers/real-host.ts"
import type { hook } from "../support/servers/webhook.ts"

const users = 60

describe("extract with a collector", () => {
  it.live("reads its settings from .env, uses the service name of the settings, and warns if others may read the key", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users })
      const collector = yield* collect()
      writeFileSync(
        `${folder}/.env`,
        [
          `OTEL_EXPORTER_OTLP_ENDPOINT=${collector.url}/otlp/`,
          "OTEL_EXPORTER_OTLP_HEADERS=api-key=a%20key,x-scope=mfa",
          "OTEL_SERVICE_NAME=duo of acme",
          "OTEL_RESOURCE_ATTRIBUTES=service.name=other,deployment.environment.name=test",
          ""
        ].join("\n")
      )
      chmodSync(`${folder}/.env`, 0o644)
      const ended = yield* command(folder, ["extract", "--dry-run"], settings(duo))
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.include(ended.stderr, "Others may read .env")
      assert.sameMembers([...new Set(collector.posts.map(({ path }) => path))], [
        "/otlp/v1/logs",
        "/otlp/v1/metrics",
        "/otlp/v1/traces"
      ])
      for (const { body, headers } of collector.posts) {
        assert.deepInclude(headers, { "api-key": "a key", "x-scope": "mfa", "content-type": "application/json" })
        const [[sent] = []] = Object.values<ReadonlyArray<{ resource: Pick<Span, "attributes"> }>>(JSON.parse(body))
        assert.deepInclude(valuesOf(sent?.resource.attributes ?? []), {
          "service.name": "duo of acme",
          "deployment.environment.name": "test"
        })
      }
      const check = yield* command(folder, ["check", "--offline"], settings(duo))
      assert.include(check.stdout, `goes to ${collector.host}`)
    })))

  const lost: ReadonlyArray<readonly [what: string, answer: Parameters<typeof hook>[0], why: string]> = [
    ["does not answer", () => undefined, "no answer in 3 seconds"],
    ["fails", (response) => response.writeHead(500).end(), "HTTP 500"],
    ["refuses the key", (response) => response.writeHead(401).end(), "HTTP 401"],
    ["redirects", (response) => response.writeHead(307, { location: "http://127.0.0.1:9/" }).end(), "HTTP 307"]
  ]
  for (const [what, answer, why] of lost) {
    it.live(`that ${what} is one warning, and the run is not changed`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const duo = yield* serve({ people: "hostile", users })
        const collector = yield* collect(answer)
        const { code, stderr, stdout } = yield* command(folder, ["extract", "--json"], {
          ...settings(duo),
          ...collector.env
        })
        assert.strictEqual(code, 0)
        assert.deepInclude(JSON.parse(stdout), { users, complete: true, exit: 0 })
        assert.isNotEmpty(collector.posts)
        assert.deepStrictEqual(stderr.match(/^warn: .*$/gm), [
          `warn: The collector at ${collector.host} did not get all telemetry: ${why}.`
        ])
      })))
  }

  it.live("that does not answer does not delay the end of a stopped run", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users, ...neverDone })
      const { env } = yield* collect(() => undefined)
      const args = ["extract", "--page-size", "5", "--concurrency", "1"]
      const { child, ended } = start(folder, args, { ...settings(duo), ...env })
      yield* untilItWaits(duo)
      child.kill("SIGTERM")
      assert.strictEqual((yield* Effect.promise(() => ended)).code, 143)
    })))

  it.live("that refuses the connection is one warning, and a failed run has the same error", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users, permissions: [] })
      const { env } = yield* Effect.scoped(collect())
      const { code, stderr } = yield* command(folder, ["extract"], { ...settings(duo), ...env })
      assert.strictEqual(code, 77)
      assert.strictEqual(stderr.match(/did not get all telemetry: ECONNREFUSED\./g)?.length, 1)
    })))

  const secret = "S3CRET"
  const refused: ReadonlyArray<readonly [what: string, env: Readonly<Record<string, string>>, says: RegExp]> = [
    [
      "an endpoint that is not a URL",
      { OTEL_EXPORTER_OTLP_ENDPOINT: `localhost:4318/${secret}` },
      /ENDPOINT must be the http:/
    ],
    [
      "a password",
      { OTEL_EXPORTER_OTLP_ENDPOINT: `http://u:${secret}@localhost:4318` },
      /no user name and no password/
    ],
    ["a query", { OTEL_EXPORTER_OTLP_ENDPOINT: `http://localhost:4318?key=${secret}` }, /must end with its path/],
    ["headers without a name", { OTEL_EXPORTER_OTLP_HEADERS: `Bearer ${secret}` }, /HEADERS must be KEY=VALUE/],
    ["headers that are not encoded", { OTEL_EXPORTER_OTLP_HEADERS: `k=%${secret}` }, /HEADERS must be KEY=VALUE/],
    ["headers that HTTP refuses", { OTEL_EXPORTER_OTLP_HEADERS: `k=${secret}%0Ak` }, /header that HTTP does not/],
    ["attributes that are not encoded", { OTEL_RESOURCE_ATTRIBUTES: `a=%${secret}` }, /ATTRIBUTES must be KEY=VALUE/]
  ]
  for (const [what, env, says] of refused) {
    it.live(`refuses ${what} before any request, and does not print it`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const duo = yield* serve({ people: "hostile", users })
        const collector = yield* collect()
        const ended = yield* command(folder, ["extract", "--json"], { ...settings(duo), ...collector.env, ...env })
        assert.strictEqual(ended.code, 78)
        assert.match(ended.stderr, says)
        assert.deepInclude(JSON.parse(ended.stdout), { error: "BadCollector", exit: 78 })
        assert.notInclude(ended.stdout + ended.stderr, secret)
        assert.deepStrictEqual([duo.requests.length, collector.posts.length], [0, 0])
      })))
  }
})

describe("a collector behind TLS", () => {
  const host = "api-12345678.duosecurity.com"

  /** The requests to the collector, and the warnings. */
  const sendTo = Effect.fnUntraced(function*(cert: string) {
    const seen = yield* behindProxy(200, { cert, key })
    yield* trust(cert)
    const lines: Array<string> = []
    yield* Effect.gen(function*() {
      const { close } = yield* Otlp.open({
        url: `https://${host}/otlp`,
        host,
        loopback: false,
        headers: Redacted.make({}),
        serviceName: "duo-mfa",
        attributes: {}
      }, "data")
      yield* close
    }).pipe(Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])))
    return { lines, requests: seen.requests }
  })

  it.live("is reached through HTTPS_PROXY", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* sendTo(good), { lines: [], requests: [`${host} /otlp/v1/metrics`] })
    }))

  it.live("gets nothing if its certificate is for another host", () =>
    Effect.gen(function*() {
      const { lines, requests } = yield* sendTo(another)
      assert.deepStrictEqual(requests, [])
      assert.deepStrictEqual(lines, [
        `The collector at ${host} did not get all telemetry: ERR_TLS_CERT_ALTNAME_INVALID.`
      ])
    }))
})
