/** The telemetry of a run. A collector that does not accept it changes nothing about the run. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Redacted } from "effect"
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import * as Otlp from "../../src/telemetry/Otlp.ts"
import { sources } from "../support/bundle.ts"
import { another, good, key } from "../support/certificates.ts"
import { collect, type Span, valuesOf } from "../support/collector.ts"
import { command } from "../support/command.ts"
import { assertHarmless } from "../support/harmless.ts"
import { allSinks, inFolder, program, settings, start } from "../support/program.ts"
import { behindProxy, trust } from "../support/real-host.ts"
import type { hook } from "../support/webhook.ts"

const users = 60
const dying = `${import.meta.dirname}/../support/sinks/dying.ts`

/** Duo answers 429 once. */
const throttled: Options = {
  scenario: [{ when: { request: 2 }, do: { fault: "rate_limit", retry_after: "seconds", seconds: 0 } }]
}

/** An answer of Duo's ends too early. */
const cut: Options = { scenario: [{ when: { request: 2 }, do: { fault: "truncated", how: "length", keep: 0 } }] }

const page = readFileSync("docs/observe.md", "utf8")

/** The rows of the table under a heading of the page. */
const tableOf = (heading: string) =>
  (page.split(`\n### ${heading}\n`)[1]?.split("\n### ")[0] ?? "").split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()))
    .map(([name = "", unit = "", ...cells]) => [...codes(name), unit.replaceAll("`", ""), ...cells])

/** The code in a cell of a Markdown table. */
const codes = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([_, code = ""]) => code)

/** Every name once, with all its attributes. */
const attributesByName = (
  all: ReadonlyArray<Pick<Span, "name" | "attributes">>,
  but: ReadonlyArray<string>
): Array<unknown> =>
  [...new Set(all.map(({ name }) => name))].map((name) => {
    const keys = all.filter((one) => one.name === name).flatMap(({ attributes }) => attributes.map(({ key }) => key))
    return [name, [...new Set(keys)].filter((key) => !but.includes(key)).sort()]
  })

const named = <A extends { readonly name: string }>(all: ReadonlyArray<A>, name: string) =>
  all.filter((one) => one.name === name)

// metrics count from the start of the process, so a test of their values runs the command in a process of its own
describe("extract with a collector", () => {
  it.live("sends exactly what docs/observe.md lists, and nothing about a person", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const all = yield* Effect.forEach(
        [
          { args: allSinks, code: 0, options: throttled },
          { args: [...allSinks, "--pii", "hash", "--page-size", "20"], code: 0, options: cut },
          { args: ["--sink", "ndjson:-", "--dry-run"], code: 0 },
          { args: ["--sink", "csv"], code: 77, options: { permissions: [] } },
          { args: ["--sink", "csv", "--sink", dying], code: 70 }
        ],
        Effect.fnUntraced(function*({ args, code, options }) {
          const duo = yield* serve({ users, ...options })
          const collector = yield* collect()
          const env = { ...settings(duo), ...collector.env }
          const ended = yield* program(folder, ["extract", "--log-level", "all", ...args], env)
          assert.strictEqual(ended.code, code, ended.stderr)
          assert.notMatch(ended.stderr, /not told|ended well/)
          const sent = JSON.stringify(collector.posts)
          assertHarmless(duo, sent)
          for (const secret of ["ada.lovelace", folder, import.meta.dirname]) assert.notInclude(sent, secret)
          for (const { status } of collector.spans()) assert.notProperty(status, "message")
          return collector
        })
      )
      const spans = all.flatMap((collector) => collector.spans())
      const metrics = all.flatMap((collector) => collector.metrics())
      const events = all.flatMap((collector) => collector.logs()).flatMap(({ attributes }) => {
        const name = valuesOf(attributes)["event.name"]
        return name === undefined ? [] : [{ name: String(name), attributes }]
      })
      const rowsOf = (signal: string) => tableOf(signal).map((cells) => [cells[0], codes(cells.at(-1)).sort()])
      const ended = ["effect.fiber.interrupted", "event.name"]
      assert.sameDeepMembers(attributesByName(spans, ended), rowsOf("Spans"))
      assert.sameDeepMembers(attributesByName(events, ended), rowsOf("Logs"))
      const points = metrics.flatMap(({ name, points }) => points.map(({ attributes }) => ({ name, attributes })))
      assert.sameDeepMembers(attributesByName(points, []), rowsOf("Metrics"))
      assert.sameMembers(
        [...new Set(metrics.map(({ kind, name, unit }) => `${name} ${unit} ${kind}`))],
        tableOf("Metrics").map((cells) => cells.slice(0, 3).join(" "))
      )
    })))

  it.live("sends one trace, in which every span is part of the run", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users, ...throttled })
      const collector = yield* collect()
      const args = ["extract", "--json", "--page-size", "20"]
      const ended = yield* command(folder, args, { ...settings(duo), ...collector.env })
      const summary = JSON.parse(ended.stdout)
      const spans = collector.spans()
      const parents = new Map(spans.map((span) => [span.spanId, span]))
      const pathOf = (span = spans[0]): string =>
        span === undefined
          ? ""
          : `${span.parentSpanId === undefined ? "" : `${pathOf(parents.get(span.parentSpanId))}/`}${span.name}`
      assert.deepStrictEqual(spans.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ name }) => name), [
        "extract"
      ])
      assert.strictEqual(new Set(spans.map(({ traceId }) => traceId)).size, 1)
      const paths = spans.map((span) => pathOf(span))
      assert.includeMembers(paths, [
        "extract/Run/Duo.snapshot/Duo.sweep/Duo.page/Duo.request",
        "extract/Run/Sink.seal/Ledger.apply",
        "extract/Run/Sink.publish"
      ])
      assert.strictEqual(named(spans, "Duo.request").length, summary.requests)
      const [run] = named(spans, "Run")
      assert.deepInclude(valuesOf(run?.attributes ?? []), { "duo_mfa.run_id": summary.run_id })
      for (const { traceId } of collector.logs()) assert.strictEqual(traceId, spans[0]?.traceId)
    })))

  it.live("sends the same numbers as the summary", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users, ...throttled })
      const collector = yield* collect()
      const ended = yield* program(folder, ["extract", "--json"], { ...settings(duo), ...collector.env })
      const summary = JSON.parse(ended.stdout)
      const points = (name: string) => named(collector.metrics(), name).flatMap(({ points }) => points)
      const by = (name: string, attribute: string) =>
        Object.fromEntries(
          points(name).map(({ asDouble, attributes, count }) => [valuesOf(attributes)[attribute], asDouble ?? count])
        )
      assert.deepStrictEqual(by("http.client.request.duration", "http.response.status_code"), {
        200: summary.requests - 1,
        429: 1
      })
      assert.deepStrictEqual(by("duo_mfa.retries", "error.type"), { RateLimited: 1 })
      assert.deepStrictEqual(by("duo_mfa.run.rows", "duo_mfa.table"), summary.rows)
      assert.deepStrictEqual(
        by("duo_mfa.run.bytes", "duo_mfa.sink"),
        Object.fromEntries(summary.sinks.map(({ bytes, name }: Record<string, unknown>) => [name, bytes]))
      )
      assert.deepStrictEqual(by("duo_mfa.pages", "duo_mfa.list"), { users: summary.pages, "bypass codes": 1 })
      assert.deepStrictEqual(by("duo_mfa.run.counted", "duo_mfa.count"), { mfa_enabled: summary.mfa_enabled })
      const { value } = collector
      assert.deepStrictEqual(
        ["objects", "complete", "exit_code"].map((name) => value(`duo_mfa.run.${name}`)),
        [users, 1, 0]
      )
      assert.isAbove(value("duo_mfa.run.duration") ?? 0, 0)
    })))

  it.live("sends how the run ended: refused, not complete, a defect", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const cases: ReadonlyArray<readonly [args: ReadonlyArray<string>, exit: number, error: string, Options]> = [
        [[], 77, "DuoError", { permissions: [] }],
        [["--strict"], 3, "Incomplete", { scenario: [{ do: { fault: "total_objects", add: 1 } }] }],
        [["--sink", dying], 70, "Defect", {}]
      ]
      for (const [args, exit, error, options] of cases) {
        const duo = yield* serve({ users, ...options })
        const collector = yield* collect()
        const ended = yield* command(folder, ["extract", ...args], { ...settings(duo), ...collector.env })
        assert.strictEqual(ended.code, exit)
        const said = { "process.exit.code": exit, "error.type": error }
        assert.deepInclude(collector.end(), said)
        const [root] = named(collector.spans(), "extract")
        assert.deepInclude(valuesOf(root?.attributes ?? []), said)
        assert.strictEqual(root?.status.code, 2)
        assert.strictEqual(collector.value("duo_mfa.run.exit_code"), exit)
      }
    })))

  it.live("sends no path of this machine with the message of a failure", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const collector = yield* collect()
      writeFileSync(`${folder}/data`, "")
      const { code, stderr } = yield* command(folder, ["extract"], { ...settings(duo), ...collector.env })
      assert.strictEqual(code, 73)
      assert.include(stderr, folder)
      const said = collector.logs().map(({ body }) => body.stringValue).join()
      assert.include(said, "The data directory DATA cannot be used")
      assert.notInclude(JSON.stringify(collector.posts), folder)
    })))

  it.live("sends the rest of the telemetry when it is stopped", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users, latency: 200 })
      const collector = yield* collect()
      const env = { ...settings(duo), ...collector.env }
      const { child, ended } = start(folder, ["extract", "--page-size", "5", "--concurrency", "1"], env)
      child.stderr.once("data", () => child.kill("SIGTERM"))
      const { code, stderr } = yield* Effect.promise(() => ended)
      assert.strictEqual(code, 143)
      assert.include(stderr, "Stopped; nothing was published.")
      assert.deepInclude(collector.end(), { "process.exit.code": 143 })
      const [root] = named(collector.spans(), "extract")
      assert.deepInclude(valuesOf(root?.attributes ?? []), {
        "process.exit.code": 143,
        "effect.fiber.interrupted": true
      })
      assert.isNotEmpty(named(collector.spans(), "Duo.page"))
      assert.strictEqual(collector.value("duo_mfa.run.exit_code"), 143)
    })))

  it.live("reads its settings from .env, uses the service name of the settings, and warns if others may read the key", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
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
        const duo = yield* serve({ users })
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
      const duo = yield* serve({ users, latency: 200 })
      const { env } = yield* collect(() => undefined)
      const args = ["extract", "--page-size", "5", "--concurrency", "1"]
      const { child, ended } = start(folder, args, { ...settings(duo), ...env })
      child.stderr.once("data", () => child.kill("SIGTERM"))
      assert.strictEqual((yield* Effect.promise(() => ended)).code, 143)
    })))

  it.live("that refuses the connection is one warning, and a failed run has the same error", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users, permissions: [] })
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
        const duo = yield* serve({ users })
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

describe("without a collector", () => {
  /** Keeps a list of the connections of the program, and of the modules of the exporter that it loads. */
  const watcher = `
    import { appendFileSync } from "node:fs"
    import { registerHooks } from "node:module"
    import net from "node:net"
    const { connect } = net.Socket.prototype
    net.Socket.prototype.connect = function(...args) {
      const [{ host, port }] = [args[0]].flat()
      appendFileSync("connected", host + ":" + port + "\\n")
      return connect.apply(this, args)
    }
    registerHooks({
      load: (url, context, next) => {
        if (/observability|telemetry\\/Otlp/.test(url)) appendFileSync("loaded", url + "\\n")
        return next(url, context)
      }
    })`

  const run = Effect.fnUntraced(function*(folder: string, args: ReadonlyArray<string>, env: Record<string, string>) {
    writeFileSync(`${folder}/watcher.mjs`, watcher)
    const ended = yield* program(folder, args, env, ["--import", `${folder}/watcher.mjs`, sources.entry])
    assert.strictEqual(ended.code, 0, ended.stderr)
    const lines = (file: string) =>
      existsSync(`${folder}/${file}`) ? readFileSync(`${folder}/${file}`, "utf8").trim().split("\n") : []
    return { connected: new Set(lines("connected")), loaded: lines("loaded") }
  })

  it.live("the program connects only to Duo, and does not load the exporter", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const env = { ...settings(duo), OTEL_EXPORTER_OTLP_ENDPOINT: "", OTEL_SERVICE_NAME: "duo" }
      const { connected, loaded } = yield* run(folder, ["extract"], env)
      assert.deepStrictEqual([...connected], [duo.host])
      assert.deepStrictEqual(loaded, [])
    })))

  it.live("the test notices an exporter, and a command that sends nothing does not load it", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const collector = yield* collect()
      const env = { ...settings(duo), ...collector.env }
      const version = yield* run(folder, ["--version"], env)
      assert.deepStrictEqual([[...version.connected], version.loaded], [[], []])
      const { connected, loaded } = yield* run(folder, ["extract", "--dry-run"], env)
      assert.sameMembers([...connected], [duo.host, collector.host])
      assert.isNotEmpty(loaded)
    })))
})
