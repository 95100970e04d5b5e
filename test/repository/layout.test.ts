import { assert, describe, it } from "@effect/vitest"
import { globSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, normalize } from "node:path"

/**
 * Which room may import which: the arrows point one way. `src` stands for the files at its root, which say what a pipeline, a
 * sink and a table are; every room may import those, and `failure`, which says how something can fail.
 */
const arrows: Readonly<Record<string, ReadonlyArray<string>>> = {
  failure: [],
  text: [],
  http: [],
  files: [],
  duckdb: ["files"],
  duo: ["duckdb", "files", "http", "telemetry", "text"],
  run: ["duckdb", "files"],
  history: ["run", "duckdb", "files"],
  telemetry: ["run", "http"],
  pipelines: ["duo", "run"],
  sinks: ["history", "run", "duckdb", "files", "http", "text"],
  report: ["pipelines", "duckdb", "text"],
  emulator: ["duo"],
  fleet: ["sinks", "run", "files"],
  package: ["duckdb", "files"],
  cli: ["fleet", "report", "history", "run", "telemetry", "duo", "emulator", "duckdb", "files", "http", "text"],
  src: ["cli", "duckdb"]
}

/** The packages that are more than `effect`, and the only places that may name them. */
const packages: ReadonlyArray<readonly [name: RegExp, where: RegExp]> = [
  [/^effect\/observability$/, /^src\/telemetry\/(Otlp|AllowedAttributes)\.ts$/],
  [/^effect(\/(?!observability)|$)/, /^/],
  [/^node:/, /^(src|sinks|pipelines)\//],
  [/^@duckdb\/node-api$/, /^src\/(duckdb|run\/publish|cli)\//],
  [/^@effect\/platform-node\//, /^src\/(main|cli\/Program|http\/Transport|emulator\/try)\.ts$/],
  [/^@effect\/platform-node\/NodeClusterSocket$/, /^src\/fleet\/Cluster\.ts$/],
  [/^@effect\/sql-pg\//, /^src\/fleet\/FleetDatabase\.ts$/],
  [/^pg(-copy-streams)?$/, /^sinks\/postgres\/Connection\.ts$/],
  [/^@aws-sdk\/client-s3$/, /^sinks\/s3\/ObjectStore\.ts$/],
  [/^echarts\//, /^src\/report\/Chart\.ts$/],
  [/^smol-toml$/, /^src\/cli\/extract\/TenantsFile\.ts$/],
  [/^rolldown$/, /^src\/package\//]
]

/** What a file imports, types included: paths from the root of the repository, and names of packages. */
const importsOf = (file: string) =>
  [...readFileSync(file, "utf8").matchAll(/(?:^import [^"]*|^export [^"]* from |\bimport\()"([^"]+)"/gm)]
    .map(([_, specifier = ""]) => specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier)

const files = globSync("{src,pipelines,sinks}/**/*.ts")
const imports = new Map(files.map((file) => [file, importsOf(file)]))
const isOurs = (name: string) => /^(src|pipelines|sinks|test|bench|package)\b/.test(name)

/** The room that a file is in. */
const roomOf = (file: string) => /^src\/([^/]+)\//.exec(file)?.[1] ?? file.split("/")[0] ?? ""

/** The first circle that is reached from a file, as the files on it. */
const circleFrom = (file: string, way: ReadonlyArray<string>, done: Set<string>): ReadonlyArray<string> | undefined => {
  if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
  if (done.has(file)) return undefined
  done.add(file)
  for (const to of imports.get(file) ?? []) {
    const circle = circleFrom(to, [...way, file], done)
    if (circle !== undefined) return circle
  }
  return undefined
}

describe("layout", () => {
  it("finds the sources", () => {
    assert.isAbove(files.length, 200)
    assert.isAbove([...imports.values()].flat().length, 1000)
  })

  it("arrows between rooms point one way", () => {
    const wrong = files.flatMap((file) =>
      (imports.get(file) ?? []).filter((to) => isOurs(to) && to !== "package.json").filter((to) => {
        const [from, room] = [roomOf(file), roomOf(to)]
        return room !== from && room !== "src" && room !== "failure" && !(arrows[from] ?? []).includes(room)
      }).map((to) => `${file} -> ${to}`)
    )
    assert.deepStrictEqual(wrong, [])
  })

  it("no imports go in a circle, types included", () => {
    const done = new Set<string>()
    for (const file of files) assert.isUndefined(circleFrom(file, [], done))
  })

  it("one pipeline imports no other, and no sink another", () => {
    const wrong = files.filter((file) => /^(pipelines|sinks)\//.test(file)).flatMap((file) => {
      const [of = "", name = ""] = file.replace(/\.ts$/, "").split("/")
      return (imports.get(file) ?? []).filter((to) => to.startsWith(`${of}/`) && !to.startsWith(`${of}/${name}/`))
        .map((to) => `${file} -> ${to}`)
    })
    assert.deepStrictEqual(wrong, [])
  })

  it("the engine names no pipeline, no table of one, no sink and no query", () => {
    const names = globSync(["pipelines/*/*.sql", "pipelines/*.ts", "sinks/*.ts", "data/queries/*.sql"])
      .map((file) => basename(file).replace(/\.(sql|ts)$/, ""))
      .filter((name) => !["counts", "unknown", "contradictions", "views", "changes", "runs"].includes(name))
    assert.isAbove(names.length, 30)
    const quoted = new RegExp(`^(?! *(?:/?\\*|//)).*["'@](${names.join("|")})["']`, "m")
    const engine = globSync("src/{*,{run,history,duckdb,files,telemetry,failure,text,http}/**/*}.ts")
    assert.isAbove(engine.length, 50)
    assert.deepStrictEqual(engine.filter((file) => quoted.test(readFileSync(file, "utf8"))), [])
  })

  it("a package is named where it belongs", () => {
    const wrong = files.flatMap((file) =>
      (imports.get(file) ?? []).filter((to) => !isOurs(to))
        .filter((to) => !packages.some(([name, where]) => name.test(to) && where.test(file)))
        .map((to) => `${file} -> ${to}`)
    )
    assert.deepStrictEqual(wrong, [])
  })

  it("a file has at most 250 lines, and a folder a dozen files unless it has rooms", () => {
    const long = files.filter((file) => readFileSync(file, "utf8").trimEnd().split("\n").length > 250)
    assert.deepStrictEqual(long, [])
    const full = ["src", "sinks", "pipelines", ...globSync("{src,sinks,pipelines}/**/")].filter((folder) => {
      const entries = readdirSync(folder, { withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).length > 12 && !entries.some((entry) => entry.isDirectory())
    })
    assert.deepStrictEqual(full, [])
  })

  it("a file of the tests has at most 250 lines, and a folder a dozen files unless it has rooms", () => {
    const code = globSync(["test/**/*.ts", "bench/**/*.ts", "docs/**/*.ts"])
    assert.isAbove(code.length, 200)
    assert.deepStrictEqual(code.filter((file) => readFileSync(file, "utf8").trimEnd().split("\n").length > 250), [])
    const folders = Object.groupBy(code, (file) => dirname(file))
    assert.deepStrictEqual(
      Object.keys(folders).filter((folder) =>
        (folders[folder] ?? []).length > 12 && !readdirSync(folder, { withFileTypes: true })
          .some((entry) => entry.isDirectory())
      ),
      []
    )
  })

  it("tests mirror the rooms of what they test", () => {
    const beside = ["bench", "laws", "oracle", "pipelines", "repository", "sinks", "slow", "support", "torture"]
    const rooms = [...new Set(globSync("test/**/*.test.ts").map((file) => file.split("/").slice(1, -1).join("/")))]
    const there = new Set(globSync("{src,pipelines,sinks}/**/").map((folder) => folder.replace(/^src\/|\/$/g, "")))
    assert.deepStrictEqual(rooms.filter((room) => !beside.includes(room) && !there.has(room)), [])
  })

  it("no two modules and no two exported types share a name; every pipeline has its Tables", () => {
    const modules = files.map((file) => ({ name: basename(file, ".ts"), file })).filter(({ name }) => name !== "Tables")
    const types = files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/^export (?:interface|type|class) (\w+)/gm)]
        .map(([_, name = ""]) => ({ name, file }))
    )
    assert.isAbove(types.length, 200)
    for (const named of [modules, types]) {
      const shared = Object.entries(Object.groupBy(named, ({ name }) => name))
        .filter(([_, some]) => new Set(some?.map(({ file }) => file)).size > 1)
      assert.deepStrictEqual(shared, [])
    }
  })

  it("everything that is printed goes through Stdout and Stderr, which make it harmless for terminals", () => {
    const printing = /\bConsole\b.*from "effect"|process\.std(out|err)\.write|\bconsole\./
    assert.deepStrictEqual(files.filter((file) => printing.test(readFileSync(file, "utf8"))).sort(), [
      "src/cli/terminal/Stderr.ts",
      "src/cli/terminal/Stdout.ts",
      // it runs for one who reads the code
      "src/emulator/try.ts",
      // rows, for a pipe
      "src/files/StandardOutput.ts"
    ])
  })

  it("no file imports DuckDB or the client of PostgreSQL or S3 before it needs them", () => {
    const slow = /^import (?!type )[^"]*"(pg|pg-copy-streams|@duckdb\/node-api|@aws-sdk\/client-s3)"/m
    assert.deepStrictEqual(files.filter((file) => slow.test(readFileSync(file, "utf8"))), [])
  })

  it("no two tests, which may run at once, use the same port", () => {
    const uses = globSync("test/**/*.test.ts").flatMap((file) =>
      [...new Set(readFileSync(file, "utf8").match(/\b27_\d{3}\b/g))].map((port) => ({ port, file }))
    )
    assert.isAbove(uses.length, 10)
    const shared = Object.values(Object.groupBy(uses, ({ port }) => port)).filter((some) => some?.length !== 1)
    assert.deepStrictEqual(shared, [])
  })

  it("a file that a person can type has a lower-case name, and one that is imported has not", () => {
    assert.deepStrictEqual(globSync("{pipelines,sinks}/*.ts").filter((file) => !/\/[a-z0-9-]+\.ts$/.test(file)), [])
    const typed = /^src\/(main|emulator\/try|package\/build|cli\/[a-z-]+)\.ts$/
    assert.deepStrictEqual(
      globSync("{src/**/*,pipelines/*/*,sinks/*/*}.ts").filter((file) =>
        !typed.test(file) && !/^[A-Z]\w*\.ts$/.test(basename(file))
      ),
      []
    )
  })
})
