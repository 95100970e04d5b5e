/** The path of a data directory does not change its contents: the same runs below a plain and an odd path, cell by cell. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import mfa from "../../pipelines/mfa.ts"
import { known } from "../known/ledger.ts"
import { command } from "../support/processes/command.ts"
import { program } from "../support/processes/program.ts"
import { unpacked } from "../support/readers.ts"

/** A path with names of columns, SQL, characters that URLs escape, and patterns. */
const odd = "status=prod/tenant=x/users=1/run_date=2020-01-01/it's \"100%25\" \\ [a]*{b,c}"
/** Another path, which the odd path matches if it is read as a pattern. */
const decoy = "status=prod/tenant=x/users=1/run_date=2020-01-01/it's \"100%25\" \\ a{b,c}"

let folder = ""
const plain = () => join(folder, "plain/data")
const below = () => join(folder, odd, "data")

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-path-"))
  for (const data of [plain(), below()]) {
    mkdirSync(dirname(data), { recursive: true })
    await Effect.runPromise(known(data, { port: 27_068 }).pipe(Effect.provide(NodeServices.layer)))
  }
  cpSync(plain(), join(folder, decoy, "data"), { recursive: true })
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** A text without the random ends of run ids. Their instants are the same in both directories. */
const withoutChance = (text: string) => text.replaceAll(/(\d{8}T\d{9}Z)-[0-9a-f]{6}/g, "$1")

/** The texts in the files below a directory, by name. */
const texts = (directory: string) =>
  Object.fromEntries(
    globSync("**/*.{csv,ndjson.zst}", { cwd: directory }).sort()
      .map((file) => [withoutChance(file), withoutChance(unpacked(join(directory, file)))])
  )

const duoMfa = Effect.fnUntraced(function*(data: string, ...args: ReadonlyArray<string>) {
  // the charts of all pages of a process are numbered in one sequence, so a report needs a process of its own
  const run = args[0] === "report" ? program : command
  const { code, stderr, stdout } = yield* run(dirname(data), args, { DUO_MFA_DATA: "data" })
  assert.strictEqual(code, 0, `${args.join(" ")}: ${stderr}`)
  return stdout
})

const same = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
  const [expected, found] = yield* Effect.forEach([plain(), below()], (data) => duoMfa(data, ...args))
  assert.strictEqual(withoutChance(found ?? ""), withoutChance(expected ?? ""))
  return found ?? ""
})

/** Every cell of every table, as one row. */
const everything = `SELECT ${
  ["runs", ...mfa.tables.flatMap(({ name }) => [name, `${name}_history`, `${name}_changes`])]
    .map((name) => `(SELECT json_group_array(to_json(r)) FROM (FROM ${name} ORDER BY ALL) r) AS ${name}`).join(", ")
}`

it("every call of DuckDB's readers turns off columns from the path", () => {
  const root = join(import.meta.dirname, "../..")
  const calls = globSync("{src,sinks,pipelines,docs/example-sink/src}/**/*.{ts,sql}", { cwd: root }).flatMap((file) =>
    readFileSync(join(root, file), "utf8").split(/(?=\bread_(?:csv|json|ndjson|parquet)\w*\()/).slice(1)
      .map((call) => ({ file, says: call.split("\n\n", 1)[0]?.includes("asStored") }))
  )
  assert.isAbove(calls.length, 3)
  assert.deepStrictEqual(calls.filter(({ says }) => says !== true), [])
})

describe("a data directory whose path looks like columns and patterns", () => {
  it.effect("has the same text in every file", () =>
    Effect.sync(() => {
      const expected = texts(plain())
      assert.isAbove(Object.keys(expected).length, 40)
      assert.deepStrictEqual(texts(below()), expected)
    }))

  it.live("gives the same answers, from the ledger and from the Parquet files", () =>
    Effect.gen(function*() {
      const answer = yield* same("sql", everything)
      assert.isAbove(answer.length, 50_000)
      yield* same("sql", everything, "--parquet")
    }), 120_000)

  it.live(
    "is read back by verify, and gives the same report and the same rebuilt ledger",
    () =>
      Effect.gen(function*() {
        const before = yield* duoMfa(below(), "sql", everything)
        yield* duoMfa(below(), "verify")
        yield* duoMfa(below(), "report", "--output", "report.html")
        yield* duoMfa(plain(), "report", "--output", "report.html")
        const [expected, found] = [plain(), below()].map((data) =>
          readFileSync(join(dirname(data), "report.html"), "utf8")
        )
        assert.strictEqual(withoutChance(found ?? ""), withoutChance(expected ?? ""))
        rmSync(join(below(), "duo.duckdb"))
        yield* duoMfa(below(), "rebuild")
        assert.strictEqual(yield* duoMfa(below(), "sql", everything), before)
        yield* duoMfa(below(), "verify")
      }),
    120_000
  )
})
