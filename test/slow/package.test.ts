/** The package that `npm pack` makes: what is in it, how it is installed and run, and a sink in a package of its own. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { isSinkError, SinkError } from "../../src/failure/SinkError.ts"
import { pack, packOurs, run, seed, succeed } from "../support/processes/package.ts"
import { settings } from "../support/processes/program.ts"
import { collect } from "../support/servers/collector.ts"

const manifest = JSON.parse(readFileSync("package.json", "utf8"))

let folder = ""
/** `duo-mfa-X.tgz`, and a folder in which only this package is installed. */
let ours = ""
let user = ""

/** The command that npx starts. It is called directly, because npx takes a second. */
const installed = "./node_modules/.bin/duo-mfa"

/** The commands of a page, in order. */
const commandsOf = (page: string) =>
  [...readFileSync(`docs/${page}`, "utf8").matchAll(/^```sh\n([^`]+)^```/gm)].flatMap(([_, block = ""]) =>
    block.trim().replaceAll("VERSION", manifest.version).split("\n")
  )

const make = (name: string, development = false) => {
  mkdirSync(join(folder, name))
  seed(join(folder, name), development)
  return join(folder, name)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-package-"))
  ours = await packOurs(folder)
  user = make("user")
  cpSync(ours, join(user, basename(ours)))
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The packages in a folder's `node_modules`, with their versions. */
const installedIn = (folder: string): ReadonlyArray<readonly [name: string, version: string]> =>
  globSync("node_modules/{*,@*/*}/package.json", { cwd: folder }).map((file) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, file), "utf8"))
    return [name, version]
  })

describe("the npm package", () => {
  it("is installed as the page says, and runs by its name", async () => {
    const [pack, install = "", help, ...completions] = commandsOf("install.md")
    assert.deepStrictEqual([pack, help], ["npm pack", "npx duo-mfa --help"])
    await succeed(user, "sh", ["-c", install])
    assert.include(await succeed(user, "npx", ["duo-mfa", "--help"]), "duo-mfa <subcommand> [flags]")
    const home = make("home")
    mkdirSync(join(home, ".config/fish/completions"), { recursive: true })
    mkdirSync(join(home, ".zsh/completions"), { recursive: true })
    for (const command of completions) {
      const env = { HOME: home, PATH: `${user}/node_modules/.bin:${process.env["PATH"]}` }
      await succeed(home, "sh", ["-c", command.replace(" ~/", ` ${home}/`)], env)
    }
    assert.strictEqual(globSync("{.bashrc,.zsh/*/*,.config/fish/*/*}", { cwd: home }).length, 3)
    assert.include(await succeed(user, installed, ["--version"]), manifest.version)
    const sinks = await succeed(user, installed, ["sinks"])
    assert.deepStrictEqual(sinks.match(/^\w+/gm), ["csv", "duckdb", "ndjson", "parquet", "postgres", "s3"])
  })

  it.live("extracts users, answers queries and verifies runs", () =>
    Effect.gen(function*() {
      const duo = yield* serve({ users: 30 })
      const duoMfa = (...args: ReadonlyArray<string>) =>
        Effect.promise(() => succeed(user, installed, args, settings(duo)))
      assert.include(yield* duoMfa("extract"), "30 users")
      assert.include(yield* duoMfa("sql", "--format", "csv", "SELECT count(*) AS users FROM users"), "30")
      assert.isNotEmpty(yield* duoMfa("sql", "--format", "csv", "@coverage"))
      assert.include(yield* duoMfa("verify"), "parquet")
      yield* duoMfa("report")
      assert.include(readFileSync(join(user, "data/report.html"), "utf8"), "<svg")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("can be installed and run as in the image, which does not have effect", () =>
    Effect.gen(function*() {
      const duo = yield* serve({ users: 30 })
      const image = make("image")
      const dockerfile = readFileSync("docs/scheduling/Dockerfile", "utf8").replaceAll("/tmp/duo-mfa.tgz", ours)
        .replaceAll("/opt/duo-mfa", image)
      const [, installing = ""] = /^RUN (npm install .*)$/m.exec(dockerfile) ?? []
      const [node = "", ...args] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? "")
      const command = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? "")
      yield* Effect.promise(() => succeed(image, "sh", ["-c", installing]))
      assert.isFalse(existsSync(join(image, "node_modules/effect")))
      const collector = yield* collect()
      const env = { ...settings(duo), ...collector.env, DUO_MFA_DATA: join(image, "data") }
      assert.include(yield* Effect.promise(() => succeed(folder, node, [...args, ...command], env)), "30 users")
      assert.isNotEmpty(collector.spans(), "what sends telemetry is in the package too")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it("installs only DuckDB and effect", () => {
    const others = installedIn(user).map(([name]) => name).filter((name) => !/^@duckdb\/|^(effect|duo-mfa)$/.test(name))
    assert.deepStrictEqual(others, ["detect-libc"], "which tells DuckDB's binaries apart")
  })

  it("has its licence, its changes, its security policy and its types, and no tests and no data", async () => {
    const files = (await succeed(folder, "tar", ["-tzf", ours])).trim().split("\n").map((file) => file.slice(8))
    const others = files.filter((file) => !/^(dist|docs)\//.test(file))
    assert.sameMembers(others, ["package.json", "README.md", "LICENSE", "SECURITY.md", "CHANGELOG.md"])
    assert.includeMembers(files, globSync("docs/*.md"))
    for (const { default: module, types } of [manifest.exports["./sink"], manifest.exports["./testing"]]) {
      assert.includeMembers(files, [types.slice(2), module.slice(2)])
    }
    assert.isEmpty(files.filter((file) => /\.(parquet|duckdb|ndjson|csv|env|key)$/.test(file)))
  })

  it("lists the packages in it, bundled or installed, in their right versions", () => {
    const { bomFormat, components, dependencies } = JSON.parse(
      readFileSync(join(user, "node_modules/duo-mfa/dist/sbom.cdx.json"), "utf8")
    )
    assert.strictEqual(bomFormat, "CycloneDX")
    const versions = components.map(({ name, version }: Record<string, string>) => `${name} ${version}`)
    assert.includeMembers(
      versions,
      installedIn(user).filter(([name]) => name !== "duo-mfa").map(([name, version]) => `${name} ${version}`)
    )
    for (
      const name of [
        "effect",
        "@effect/platform-node",
        "@effect/platform-node-shared",
        "undici",
        "echarts",
        "pg",
        "pg-copy-streams"
      ]
    ) {
      assert.include(
        versions,
        `${name} ${JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version}`
      )
    }
    const bundles = globSync(join(user, "node_modules/duo-mfa/dist/**/*.js"))
    const imported = /(?:(?<!`)\bimport[^"`;()]*from|\bimport\() ?["`]((?:@[\w-]+\/)?[a-z][\w-]*)(?:\/[\w/.-]+)?["`]/g
    const named = bundles.flatMap((file) => [...readFileSync(file, "utf8").matchAll(imported)].map(([_, name]) => name))
    // the bundle of the contract is for the tests of other packages, and is not part of the program
    assert.sameMembers([...new Set(named)], ["@aws-sdk/client-s3", "@duckdb/node-api", "@effect/vitest", "effect"])
    const refs = components.map((component: Record<string, string>) => component["bom-ref"])
    for (const { dependsOn } of dependencies) assert.includeMembers(refs, dependsOn)
    const terms = readFileSync(join(user, "node_modules/duo-mfa/dist/licences.txt"), "utf8").split(
      `${"=".repeat(80)}\n`
    )
    const copied = components.filter(({ properties }: { properties: [{ value: string }] }) =>
      properties[0].value === "bundled"
    )
    assert.deepStrictEqual(
      terms.map((text) => text.trim().split("\n")[0]),
      copied.map(({ name }: { name: string }) => name)
    )
    for (const text of terms) assert.match(text, /licen[cs]e|permission/i)
    const d3 = readFileSync("node_modules/echarts/licenses/LICENSE-d3", "utf8").trim()
    assert.include(terms.find((text) => text.trim().startsWith("echarts\n")), d3)
    for (const { hashes, licenses } of components) {
      assert.match(hashes[0].content, /^[0-9a-f]{128}$/)
      assert.isNotEmpty(licenses)
    }
  })
})

describe("a sink of another author, in a package of its own", () => {
  let author = ""
  let customer = ""

  beforeAll(async () => {
    author = make("author", true)
    cpSync("docs/example-sink", author, { recursive: true })
    await succeed(author, "npm", ["install", "--save-dev", ours])
    customer = make("customer")
    await pack(author, customer)
    cpSync(ours, join(customer, basename(ours)))
  }, 120_000)

  it("passes the laws with the contract that duo-mfa exports", async () => {
    const output = await succeed(author, "npm", ["test"])
    assert.match(output, /Tests +36 passed \(36\)/)
  })

  it("is checked against the types that duo-mfa exports", async () => {
    const source = readFileSync(join(author, "src/gzip.ts"), "utf8")
    writeFileSync(join(author, "src/wrong.ts"), source.replace("Files.publish()", "() => 3"))
    const { code, stdout } = await run(author, "npx", ["tsc", "--noEmit"])
    rmSync(join(author, "src/wrong.ts"))
    assert.strictEqual(code, 1)
    assert.match(stdout, /^src\/wrong\.ts\(\d+,\d+\): error TS2322/)
  })

  it.live("is used by its name, and its files are verified", () =>
    Effect.gen(function*() {
      const duo = yield* serve({ users: 30 })
      const [installing, extracting, verifying] = commandsOf("writing-a-sink.md")
      const type = (command = "") => Effect.promise(() => succeed(customer, "sh", ["-c", command], settings(duo)))
      yield* type(installing)
      const { sinks, users } = JSON.parse(yield* type(`${extracting} --json`))
      assert.strictEqual(users, 30)
      assert.deepStrictEqual(
        sinks.map((
          { location, name, rows }: { name: string; location: string; rows: { users: number } }
        ) => [name, location, rows.users]),
        [["example-sink", join(customer, "out"), 30], ["example-sink/sorted", join(customer, "data/sorted"), 30]]
      )
      assert.strictEqual(globSync("out/users/*.ndjson.gz", { cwd: customer }).length, 1)
      assert.strictEqual(globSync("data/sorted/users/*.parquet", { cwd: customer }).length, 1)
      const verified = yield* type(verifying)
      assert.include(verified, "example-sink/sorted")
      assert.notInclude(verified, "cannot be read back")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("fails with the same errors as a sink of duo-mfa", () =>
    Effect.gen(function*() {
      const duo = yield* serve({ users: 3 })
      writeFileSync(join(customer, "taken"), "")
      const { code, stderr } = yield* Effect.promise(() =>
        run(customer, "npx", ["duo-mfa", "extract", "--sink", "example-sink:taken"], settings(duo))
      )
      assert.strictEqual(code, 73, stderr)
      assert.include(stderr, "The example-sink sink cannot write")
      const library = join(customer, "node_modules/duo-mfa/dist/library/sink.js")
      const theirs = yield* Effect.promise(() => import(/* @vite-ignore */ library))
      const error = new theirs.SinkError({ sink: "s", location: "l", reason: new theirs.DiskFull() })
      assert.notInstanceOf(error, SinkError)
      assert.isTrue(isSinkError(error), "also where it is told apart from other failures")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})
