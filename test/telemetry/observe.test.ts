/** The telemetry of a run: the spans, metrics and logs that a collector gets, and nothing about a person. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import { assertHarmless } from "../support/harmless.ts"
import { command } from "../support/processes/command.ts"
import { allSinks, inFolder, program, settings, start } from "../support/processes/program.ts"
import { neverDone, untilItWaits } from "../support/processes/waiting.ts"
import { collect, type Span, valuesOf } from "../support/servers/collector.ts"

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
          { args: ["--sink", "csv", "--sink", dying], code: 70 },
          { args: ["--tenants", "tenants.ndjson", "--sink", "csv"], code: 0 },
          { args: ["--tenants", "tenants.ndjson", "--dry-run"], code: 0 },
          { args: ["auth", "--dry-run"], code: 0 }
        ],
        Effect.fnUntraced(function*({ args, code, options }) {
          const duo = yield* serve({ people: "hostile", users, ...options })
          const collector = yield* collect()
          const env = { ...settings(duo), ...collector.env }
          const { host, ikey, skey } = duo
          writeFileSync(`${folder}/key`, skey, { mode: 0o600 })
          const tenant = { name: `ada.lovelace of ${host}`, host, ikey, skey_file: "key" }
          writeFileSync(`${folder}/tenants.ndjson`, JSON.stringify(tenant), { mode: 0o600 })
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
      const duo = yield* serve({ people: "hostile", users, ...throttled })
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
        "extract/Run/Duo.list/Duo.reading/Duo.page/Duo.request",
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
      const duo = yield* serve({ people: "hostile", users, ...throttled })
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
        const duo = yield* serve({ people: "hostile", users, ...options })
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
      const duo = yield* serve({ people: "hostile", users })
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
      const duo = yield* serve({ people: "hostile", users, ...neverDone })
      const collector = yield* collect()
      const env = { ...settings(duo), ...collector.env }
      const { child, ended } = start(folder, ["extract", "--page-size", "5", "--concurrency", "1"], env)
      yield* untilItWaits(duo)
      child.kill("SIGTERM")
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
})
