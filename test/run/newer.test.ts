/**
 * Data of a later version, in a format that this version does not know, is refused with a message. `verify` reports it
 * and checks the rest.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cpSync, globSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { format, newestFormat } from "../../src/Version.ts"
import { command } from "../support/processes/command.ts"
import { contents, settings } from "../support/processes/program.ts"
import * as readers from "../support/readers.ts"

const later = newestFormat + 1

/** A folder that has two runs in every sink. */
let good = ""
let env: Readonly<Record<string, string>> = {}
const sinks = ["duckdb", "parquet", "ndjson", "csv"].flatMap((sink) => ["--sink", sink])

beforeAll(async () => {
  good = mkdtempSync(join(tmpdir(), "duo-mfa-newer-"))
  await Effect.runPromise(
    Effect.gen(function*() {
      const duo = yield* serve({ people: "hostile", users: 4 })
      env = settings(duo)
      for (const _ of [1, 2]) {
        const { code, stderr } = yield* command(good, ["extract", ...sinks], env)
        assert.strictEqual(code, 0, stderr)
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
}, 180_000)

afterAll(() => rmSync(good, { recursive: true }))

/** Makes a copy at the same path in which something was changed. */
const spoilt = <A, E, R>(spoil: Effect.Effect<void>, test: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => cpSync(good, `${good}.kept`, { recursive: true })),
    () => Effect.andThen(spoil, test),
    () =>
      Effect.sync(() => {
        rmSync(good, { recursive: true })
        renameSync(`${good}.kept`, good)
      })
  ).pipe(Effect.provide(NodeServices.layer), Effect.scoped)

const runs = () => globSync("data/runs/*.json", { cwd: good }).sort()

/** Changes a text in a file. */
const rewrite = (file: () => string, change: (text: string) => string, to: (name: string) => string = (name) => name) =>
  Effect.sync(() => {
    const name = file()
    const text = change(readFileSync(join(good, name), "utf8"))
    rmSync(join(good, name))
    writeFileSync(join(good, to(name)), text)
  })

const number = (text: string) =>
  text.replace(`"format":${format}`, `"format":${later}`).replace(
    /"tool_version":"[^"]*"/,
    "\"tool_version\":\"9.8.7\""
  )

/** Checks that a command refuses the data and changes nothing. */
const assertRefuses = Effect.fnUntraced(function*(args: ReadonlyArray<string>, by = "duo-mfa 9.8.7") {
  const before = contents(good)
  const { code, stderr } = yield* command(good, args, env)
  assert.strictEqual(code, 73, `${args.join(" ")}: ${stderr}`)
  assert.include(stderr, `has format ${later}, which ${by} wrote`, args.join(" "))
  assert.include(stderr, `use ${by}.`)
  assert.notInclude(stderr, "\u001b")
  assert.deepStrictEqual(contents(good), before, args.join(" "))
})

/** Checks that verify reports the data and checks all the rest. */
const assertVerifies = Effect.fnUntraced(function*(sentence: string, same: number) {
  const { code, stderr, stdout } = yield* command(good, ["verify", "--all"], env)
  assert.strictEqual(code, 73, stderr)
  assert.include(stderr, "Not verified: ")
  assert.include(stderr, sentence)
  const verdicts = stdout.trim().split("\n").map((line) => line.split(/ {2,}/).at(-1))
  assert.strictEqual(verdicts.filter((verdict) => verdict === "same").length, same)
  assert.isEmpty(verdicts.filter((verdict) => verdict === "differs" || verdict === "missing"))
})

const extract = ["extract", ...sinks]
const tables = 4

describe("a later format", () => {
  it.live("of the ledger", () =>
    spoilt(
      readers.execute(`${good}/data/duo.duckdb`, `UPDATE meta SET format = ${later}, tool_version = '9.8.7'`),
      Effect.gen(function*() {
        for (const args of [extract, ["check", "--offline"], ["rebuild"], ["sql"], ["policy"]]) {
          yield* assertRefuses(args)
        }
        yield* assertVerifies("9.8.7", 6 * tables)
      })
    ), 180_000)

  it.live("of the ledger, by a version whose name is an escape sequence", () =>
    spoilt(
      readers.execute(
        `${good}/data/duo.duckdb`,
        `UPDATE meta SET format = ${later}, tool_version = '1' || chr(27) || '[2J'`
      ),
      assertRefuses(["sql"], "a later duo-mfa")
    ), 180_000)

  it.live("of the last manifest", () =>
    spoilt(
      rewrite(() => runs()[1] ?? "", number),
      Effect.gen(function*() {
        for (const args of [extract, ["rebuild"]]) yield* assertRefuses(args)
        yield* assertVerifies(`format ${later}`, 3 * tables)
      })
    ), 180_000)

  it.live(
    "of a sealed run, and of a run that was killed",
    () =>
      Effect.forEach(
        [".sealed", ".open"],
        (state) => spoilt(rewrite(() => runs()[1] ?? "", number, (name) => `${name}${state}`), assertRefuses(extract))
      ),
    60_000
  )

  it.live("of views.sql", () =>
    spoilt(
      rewrite(() => "data/parquet/views.sql", (text) => text.replace(/.*/, `-- duo-mfa 9.8.7, format ${later}`)),
      assertRefuses(extract)
    ), 180_000)

  it.live("of a Parquet file", () =>
    Effect.forEach(
      [
        [() => "data/parquet/current/users.parquet", [extract]],
        [() => globSync("data/parquet/users/*/*.parquet", { cwd: good })[0] ?? "", [["rebuild"], ["sql", "--parquet"]]]
      ] as const,
      ([file, commands]) =>
        spoilt(
          Effect.suspend(() =>
            readers.execute(
              ":memory:",
              `COPY (SELECT * FROM read_parquet('${good}/${file()}', hive_partitioning = false)) TO '${good}/${file()}'
               (FORMAT parquet, KV_METADATA {'duo_mfa.format': '${later}', 'duo_mfa.version': '9.8.7'})`
            )
          ),
          Effect.forEach(commands, (args) => assertRefuses(args))
        )
    ), 180_000)
})

describe("verify", () => {
  it.live(
    "goes on after a manifest that cannot be read",
    () => spoilt(rewrite(() => runs()[1] ?? "", (text) => text.slice(9)), assertVerifies("is damaged", 3 * tables)),
    60_000
  )

  it.live("goes on after a file that cannot be read, and a sink that does not exist", () =>
    Effect.forEach(
      [
        rewrite(() => globSync("data/parquet/users/*/*.parquet", { cwd: good })[0] ?? "", () => "junk"),
        rewrite(() => runs()[0] ?? "", (text) => text.replace("\"sink\":\"csv\"", "\"sink\":\"elsewhere\""))
      ],
      (spoil) =>
        spoilt(
          spoil,
          Effect.gen(function*() {
            const { code, stderr, stdout } = yield* command(good, ["verify", "--all"], env)
            assert.notInclude([0, 70, 74], code, stderr)
            assert.include(stderr, "Not verified: ")
            assert.isAbove(stdout.match(/ same$/gm)?.length ?? 0, 5 * tables)
          })
        )
    ), 180_000)
})
