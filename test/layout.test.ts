import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

/**
 * Who may import whom, first match counts; a folder stands for all that is in it. What is not named here may not be
 * imported: the arrows point one way.
 */
const arrows: ReadonlyArray<readonly [from: RegExp, to: RegExp]> = [
  [/^src\/main\.ts$/, /^src\/Program\.ts$/],
  [/^src\/Program\.ts$/, /^src\/(Cli|ExitCode|cli\/(Catalog|Ending|Settings|Stderr|Stdout))\.ts$/],
  [/^src\/Cli\.ts$/, /^src\/(Version\.ts|cli\/)/],
  [/^src\/cli\/emulator\.ts$/, /^src\/(ExitCode\.ts|cli\/Stdout\.ts|emulator\/)/],
  [/^src\/cli\/demo\.ts$/, /^src\/([A-Z]\w+\.ts|emulator\/|staging\/|cli\/)/],
  [/^src\/cli\/(init|Questions)\.ts$/, /^src\/([A-Z]\w+\.ts|duo\/Answers\.ts|staging\/|cli\/)/],
  [/^src\/cli\/report\.ts$/, /^src\/([A-Z]\w+\.ts|report\/Page\.ts|staging\/|cli\/)/],
  [/^src\/report\//, /^src\/(report\/|staging\/DuckDb\.ts|mfa\/Strength\.ts|Sink\.ts)/],
  [
    /^src\/cli\//,
    /^src\/([A-Z]\w+\.ts|duckdb\/Personal\.ts|history\/|staging\/|text\/|cli\/|telemetry\/(?!Otlp|Harmless))/
  ],
  [/^src\/telemetry\/Meters\.ts$/, /^$/],
  [/^src\/telemetry\//, /^src\/(telemetry\/|(ExitCode|Located|Paths|Sink|Transport|Version)\.ts)/],
  [/^src\/emulator\//, /^src\/(emulator\/|duo\/Signature\.ts|ExitCode\.ts)/],
  [/^src\/text\//, /^src\/text\//],
  [
    /^src\/duo\//,
    /^src\/(duo\/|duckdb\/(ObjectLoader|RunDatabase)\.ts|staging\/DuckDb\.ts|telemetry\/Meters\.ts|(Abroad|ExitCode|Expected|Pipeline|Proxy|Recording|RunId|Sink|Table|Transport|Version)\.ts)/
  ],
  [/^src\/mfa\//, /^src\/(mfa\/|Table\.ts)/],
  [/^src\/admins\//, /^src\/(admins\/|Table\.ts)/],
  [
    /^src\/run\//,
    /^src\/(run\/|duckdb\/|staging\/(DuckDb|RowsSql)\.ts|(Outcome|Pipeline|Progress|Sink|Table)\.ts)/
  ],
  [/^src\/history\//, /^src\/(history\/|staging\/|(Outcome|Shrink|Sink|Table|Version)\.ts)/],
  [/^src\/postgres\//, /^src\/(postgres\/|history\/|staging\/|(ExitCode|Outcome|Sink|Table)\.ts)/],
  [/^src\/duckdb\//, /^src\/(duckdb\/|staging\/(DuckDb|Platform)\.ts|Sink\.ts)/],
  [/^src\/staging\//, /^src\/(staging\/|(ExitCode|Expected|Outcome|Pipeline|RunError|Sink|Table)\.ts)/],
  [/^src\/dist\/Sink\.ts$/, /^src\/(staging\/|(Outcome|Shrink|Sink|Table)\.ts)/],
  [/^src\/dist\//, /^src\/dist\//],
  [/^src\/Version\.ts$/, /^package\.json$/],
  [/^src\/[A-Z]\w+\.ts$/, /^src\/([A-Z]\w+\.ts|duckdb\/|run\/|staging\/)/],
  [/^pipelines\//, /^src\/(admins\/|duo\/|mfa\/|(Pipeline|Progress)\.ts)/],
  [/^sinks\/(duckdb|parquet)\.ts$/, /^src\/(history\/|staging\/|(Outcome|Sink|Table|Version)\.ts)/],
  [/^sinks\/postgres\.ts$/, /^src\/(postgres\/|staging\/|(Outcome|Shrink|Sink|Table)\.ts)/],
  [/^sinks\//, /^src\/(staging\/|text\/|(Outcome|Sink|Table)\.ts)/]
]

/** The packages that are more than `effect`, and the only places that may name them. */
const packages: ReadonlyArray<readonly [name: RegExp, where: RegExp]> = [
  [/^effect\/observability$/, /^src\/telemetry\/(Otlp|Harmless)\.ts$/],
  [/^effect(\/(?!observability)|$)/, /^/],
  [/^node:/, /^(src|sinks|pipelines)\//],
  [/^@duckdb\/node-api$/, /^src\/(staging|cli)\//],
  [/^@effect\/platform-node\//, /^src\/(main|Program|Transport|emulator\/demo)\.ts$/],
  [/^pg(-copy-streams)?$/, /^src\/postgres\/Session\.ts$/],
  [/^echarts\//, /^src\/report\/Chart\.ts$/],
  [/^rolldown$/, /^src\/dist\//]
]

const importsOf = (file: string) =>
  [...readFileSync(file, "utf8").matchAll(/(?:^import [^"]*|^export [^"]* from |\bimport\()"([^"]+)"/gm)]
    .map(([_, specifier = ""]) => specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier)

const files = globSync("{src,pipelines,sinks}/**/*.ts")

describe("layout", () => {
  it("finds the sources", () => {
    assert.isAbove(files.length, 40)
    assert.isAbove(files.flatMap(importsOf).length, 200)
  })

  it("arrows point one way", () => {
    const wrong = files.flatMap((file) => {
      const allowed = arrows.find(([from]) => from.test(file))?.[1] ?? /^$/
      return importsOf(file).filter((to) => /^(src|pipelines|sinks|test|bench|package)\b/.test(to) && !allowed.test(to))
        .map((to) => `${file} -> ${to}`)
    })
    assert.deepStrictEqual(wrong, [])
  })

  it("a package is named where it belongs", () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((to) => !/^(src|pipelines|sinks|test|bench|package)\b/.test(to))
        .filter((to) => !packages.some(([name, where]) => name.test(to) && where.test(file)))
        .map((to) => `${file} -> ${to}`)
    )
    assert.deepStrictEqual(wrong, [])
  })

  it("what is shown goes through Stdout and Stderr, which a terminal obeys in nothing", () => {
    const printing = /\bConsole\b.*from "effect"|process\.std(out|err)\.write|\bconsole\./
    assert.deepStrictEqual(files.filter((file) => printing.test(readFileSync(file, "utf8"))).sort(), [
      "src/cli/terminal/Stderr.ts",
      "src/cli/terminal/Stdout.ts",
      // it runs for one who reads the code
      "src/emulator/demo.ts",
      // rows, for a pipe
      "src/files/StandardOutput.ts"
    ])
  })

  it("what takes a while to load is loaded when it is needed", () => {
    const slow = /^import (?!type )[^"]*"(pg|pg-copy-streams|@duckdb\/node-api)"/m
    assert.deepStrictEqual(files.filter((file) => slow.test(readFileSync(file, "utf8"))), [])
  })

  it("no two tests, which may run at once, use the same port", () => {
    const uses = globSync("test/*.test.ts").flatMap((file) =>
      [...new Set(readFileSync(file, "utf8").match(/\b27_\d{3}\b/g))].map((port) => ({ port, file }))
    )
    assert.isAbove(uses.length, 10)
    const shared = Object.values(Object.groupBy(uses, ({ port }) => port)).filter((some) => some?.length !== 1)
    assert.deepStrictEqual(shared, [])
  })

  it("the names of commands, pipelines and sinks are lower-case, those of concepts are not", () => {
    assert.deepStrictEqual(
      globSync("{pipelines,sinks}/*.ts").filter((file) => !/\/[a-z-]+\.ts$/.test(file)),
      []
    )
    assert.deepStrictEqual(
      globSync("src/{admins,duckdb,duo,history,mfa,postgres,report,staging,text}/**/*.ts").filter((file) =>
        !/\/[A-Z]\w*\.ts$/.test(file)
      ),
      []
    )
  })
})
