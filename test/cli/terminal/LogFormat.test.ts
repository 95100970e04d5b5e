/** Standard error as one JSON object per line, whatever happens, for programs that ship logs. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import { inFolder, program, settings } from "../../support/processes/program.ts"

const dying = `${import.meta.dirname}/../../support/sinks/dying.ts`
const throttled: Options = {
  scenario: [{ when: { request: 2 }, do: { fault: "rate_limit", retry_after: "seconds", seconds: 0 } }]
}

const cases: ReadonlyArray<
  readonly [what: string, args: ReadonlyArray<string>, code: number, last: object, options?: Options]
> = [
  ["a run with warnings", ["extract", "--log-level", "all", "--page-size", "5"], 0, {}, throttled],
  ["rows on standard output", ["extract", "--sink", "ndjson:-"], 0, { level: "info" }],
  ["a failure", ["extract"], 77, { level: "error", annotations: { error: "DuoError", exit: 77 } }, { permissions: [] }],
  ["a defect", ["extract", "--sink", dying], 70, {}],
  ["arguments that are wrong", ["extract", "--nope"], 64, { message: "See duo-mfa extract --help." }],
  ["another command", ["sql", "SELECT 1"], 78, { level: "error" }]
]

describe("--log-format json", () => {
  for (const [what, args, code, last, options] of cases) {
    it.live(`makes an object of every line: ${what}`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const duo = yield* serve({ users: 30, ...options })
        const ended = yield* program(folder, [...args, "--log-format", "json"], settings(duo))
        assert.strictEqual(ended.code, code, ended.stderr)
        const lines = ended.stderr.trimEnd().split("\n").map((line) => JSON.parse(line))
        for (const { annotations, level, message, timestamp, ...others } of lines) {
          assert.deepStrictEqual(others, {})
          assert.strictEqual(new Date(timestamp).toISOString(), timestamp)
          assert.include(["debug", "info", "warn", "error"], level)
          assert.isString(message)
          assert.isObject(annotations)
        }
        assert.deepInclude(lines.at(-1), last)
        assert.notInclude(ended.stderr, "ada.lovelace")
      })))
  }

  it.live("says what pretty says, and standard output is the same", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const run = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
        const duo = yield* serve({ users: 30, ...throttled })
        const ended = yield* program(folder, ["extract", "--dry-run", "--concurrency", "1", ...args], settings(duo))
        const steady = (text: string) =>
          text.replaceAll(/\d{8}T\d{9}Z-[0-9a-f]{6}/g, "RUN").replaceAll(duo.host, "HOST")
        return { stderr: steady(ended.stderr).trimEnd().split("\n"), stdout: steady(ended.stdout) }
      })
      const plain = yield* run()
      const pretty = yield* run("--log-format", "pretty")
      const json = yield* run("--log-format=json")
      assert.deepStrictEqual(pretty, plain)
      assert.strictEqual(json.stdout, plain.stdout)
      assert.deepStrictEqual(
        json.stderr.map((line) => JSON.parse(line)).map(({ level, message }) =>
          level === "info" ? message : `${level}: ${message}`
        ),
        plain.stderr
      )
      assert.isTrue(plain.stderr.some((line) => line.startsWith("warn: /admin/")))
    })))

  it.live("is no other than these two", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { code, stderr } = yield* program(folder, ["extract", "--log-format", "xml"])
      assert.strictEqual(code, 64)
      assert.match(stderr, /--log-format: "xml"\. Expected: "pretty" \| "json"/)
    })))
})
