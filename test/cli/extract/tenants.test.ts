/** `extract --tenants`: the file, the summary, the exit codes, and no secret anywhere. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { chmodSync, globSync, readFileSync, writeFileSync } from "node:fs"
import { command } from "../../support/processes/command.ts"
import { inFolder } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"
import { extract, type Listed, loopback, some, write } from "./listed.ts"

describe("extract --tenants", () => {
  it.live(
    "publishes all tenants by their names, from one file or the other, and shows no key",
    () =>
      inFolder((folder) =>
        Effect.gen(function*() {
          const { emulators, entries } = yield* some(folder, { "Example Customer 1": {}, "Example Customer 2": {} })
          const toml = entries.map((entry) =>
            `[[tenants]]\n${
              Object.entries(entry).map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join("\n")
            }\n`
          )
          writeFileSync(`${folder}/tenants.toml`, toml.join("\n"))
          const first = yield* extract(folder)
          assert.deepStrictEqual({ code: first.code }, { code: 0 }, first.stderr)
          assert.match(first.stdout, /^Example Customer 1 {2}20 users, \d+ with MFA/)
          assert.match(first.stdout, /^2 of 2 tenants: 40 users/m)
          const second = yield* command(folder, ["extract", "--tenants", "tenants.toml", "--json"], loopback)
          assert.strictEqual(second.code, 0, second.stderr)
          const { exit, failed, published, sinks, tenants } = JSON.parse(second.stdout)
          assert.deepStrictEqual({ exit, failed, published }, { exit: 0, failed: 0, published: 2 })
          assert.deepStrictEqual(tenants.map(({ host, tenant }: Listed & { tenant: string }) => [tenant, host]), [
            ["Example Customer 1", entries[0]?.host],
            ["Example Customer 2", entries[1]?.host]
          ])
          assert.lengthOf(sinks, 3)
          const dry = yield* extract(folder, "--dry-run", "--json")
          assert.deepStrictEqual(
            JSON.parse(dry.stdout).tenants.map(({ host }: Listed) => host),
            entries.map(({ host }) => host)
          )
          const rows = yield* readers.query(`${folder}/data/duo.duckdb`, "SELECT DISTINCT tenant FROM users ORDER BY 1")
          assert.deepStrictEqual(rows.map(({ tenant }) => tenant), ["Example Customer 1", "Example Customer 2"])
          const verified = yield* command(folder, ["verify", "--all"], loopback)
          assert.strictEqual(verified.code, 0, verified.stderr)
          const written = globSync(`${folder}/data/**/*`).filter((file) => /\.(json|sql)$/.test(file))
            .map((file) => readFileSync(file, "utf8")).join()
          for (const { skey } of emulators) {
            assert.notInclude([first, second, dry].map((_) => JSON.stringify(_)) + written, skey)
          }
        })
      ),
    120_000
  )

  it.live("makes the same history again from the Parquet files of rounds", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        yield* some(folder, { one: {}, two: {}, three: {} })
        yield* extract(folder)
        yield* extract(folder)
        const history = readers.query(
          `${folder}/data/duo.duckdb`,
          "SELECT * FROM users_history ORDER BY tenant, user_id, valid_from"
        )
        const before = yield* history
        assert.lengthOf(before, 60)
        const rebuilt = yield* command(folder, ["rebuild"], loopback)
        assert.strictEqual(rebuilt.code, 0, rebuilt.stderr)
        assert.match(rebuilt.stdout, /^6 runs /)
        assert.deepStrictEqual(yield* history, before)
      })
    ))

  it.live(
    "ends with 75 if waiting may help, and with 6 if a person has to look",
    () =>
      inFolder((folder) =>
        Effect.gen(function*() {
          const { entries } = yield* some(folder, { one: {}, two: {} })
          const [one = { name: "", host: "", ikey: "", skey_file: "" }, two] = entries
          const unreachable = { ...one, name: "down", host: "127.0.0.1:9" }
          const denied = { ...one, name: "wrong", ikey: "DIWRONGWRONGWRONGWRO", host: two?.host }
          write(folder, [one, unreachable])
          const down = yield* extract(folder, "--sink", "ndjson")
          assert.strictEqual(down.code, 75, down.stderr)
          assert.match(down.stdout, /^one {3}20 users/)
          assert.match(down.stdout, /^down {2}failed: Duo cannot be reached/m)
          assert.include(down.stderr, "1 of 2 tenants failed: down.")
          assert.include(down.stderr, "Waiting may help")
          write(folder, [one, denied, unreachable])
          const wrong = yield* extract(folder, "--sink", "ndjson", "--json")
          assert.strictEqual(wrong.code, 6, wrong.stderr)
          const { exit, failed, tenants } = JSON.parse(wrong.stdout)
          assert.deepStrictEqual({ exit, failed }, { exit: 6, failed: 2 })
          assert.deepStrictEqual(tenants.map(({ error = "" }) => error), ["", "DuoError", "DuoError"])
        })
      ),
    60_000
  )

  it.live("reads the tenants of its part only, and all parts together read each once", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        const { emulators } = yield* some(folder, { one: {}, two: {}, three: {}, four: {} })
        for (const part of [0, 1, 2]) {
          yield* extract(folder, "--dry-run", "--shard", `${part}/3`)
        }
        const asked = emulators.map(({ requests }) => requests.filter(({ path }) => path.endsWith("/users")).length)
        assert.isTrue(asked.every((times) => times === asked[0] && times > 0), asked.join())
      })
    ))

  it.live("limits the requests to all tenants together", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        const { emulators } = yield* some(folder, { one: {}, two: {}, three: {} })
        const { code, stderr } = yield* extract(folder, "--dry-run", "--max-rate", "600")
        assert.strictEqual(code, 0, stderr)
        const times = emulators.flatMap(({ requests }) => requests.map(({ at }) => at)).toSorted((a, b) => a - b)
        assert.isAbove(times.length, 5)
        assert.isAtLeast((times.at(-1) ?? 0) - (times[0] ?? 0), (times.length - 1) * 100 * 0.8)
      })
    ))

  it.live("does what docs/many-tenants.md says", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        const page = readFileSync("docs/many-tenants.md", "utf8")
        const { entries } = yield* some(folder, { "Example Customer 1": {}, "Example Customer 2": {} })
        let toml = /^```toml\n([^`]+)^```$/m.exec(page)?.[1] ?? ""
        for (const [index, { host, ikey, skey_file }] of entries.entries()) {
          toml = toml.replace(`127.0.0.1:800${index + 1}`, host).replace("DIXXXXXXXXXXXXXXXXXX", ikey)
            .replace(`keys/customer-${index + 1}`, skey_file)
        }
        writeFileSync(`${folder}/customers.toml`, toml)
        const commands = [...page.matchAll(/^npx duo-mfa ((?!emulator|extract --accounts).*?)(?: +#.*)?$/gm)].map((
          [_, typed = ""]
        ) => typed)
        assert.isAtLeast(commands.length, 5)
        for (const typed of commands) {
          const args = [...typed.matchAll(/"([^"]+)"|\S+/g)].map(([whole, quoted]) => quoted ?? whole)
          const { code, stderr } = yield* command(folder, args, loopback)
          assert.strictEqual(code, 0, `${typed}: ${stderr}`)
        }
        const left = yield* readers.query(`${folder}/data/duo.duckdb`, "SELECT DISTINCT tenant FROM users")
        assert.deepStrictEqual(left, [{ tenant: "Example Customer 1" }])
        const listed = yield* command(folder, ["tenants"], loopback)
        assert.match(listed.stdout, /^Example Customer 2 {2}0 users .* retired$/m)
      })
    ), 60_000)

  it.live("refuses a file that is not one, and says where", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        const good = { name: "a", host: "api-1234.duosecurity.com", ikey: "DI", skey_file: "key" }
        const cases: ReadonlyArray<readonly [content: string, message: string]> = [
          ["", "it has no tenants"],
          ["{", "line 1 is not JSON"],
          [JSON.stringify({ ...good, skey: "SECRETSECRET" }), "line 1 has a secret key; put it in a file"],
          [JSON.stringify({ ...good, hots: "x" }), `line 1 has the field "hots"`],
          [JSON.stringify({ ...good, host: "example.com" }), "line 1: Set host to the API hostname"],
          [JSON.stringify({ ...good, skey_file: undefined }), "line 1 needs both ikey and skey_file"],
          [JSON.stringify({ host: good.host }), "line 1 needs ikey and skey_file"],
          [JSON.stringify({ ...good, name: "two\nlines" }), "line 1 needs a host"],
          [`${JSON.stringify(good)}\n\n${JSON.stringify({ ...good, host: "api-5.duosecurity.com" })}`, `the name "a"`],
          [`${JSON.stringify(good)}\n${JSON.stringify({ ...good, name: "b" })}`, "two tenants have the host api-1234"]
        ]
        for (const [content, message] of cases) {
          writeFileSync(`${folder}/tenants.ndjson`, content)
          const { code, stderr, stdout } = yield* extract(folder)
          assert.strictEqual(code, 78, content)
          assert.include(stderr, message)
          assert.notInclude(stderr + stdout, "SECRETSECRET")
        }
        writeFileSync(`${folder}/tenants.toml`, "[[tenants]\n")
        const toml = yield* command(folder, ["extract", "--tenants", "tenants.toml"], loopback)
        assert.include(toml.stderr, "line 1 is not TOML")
        chmodSync(`${folder}/tenants.ndjson`, 0o666)
        assert.include((yield* extract(folder)).stderr, "Other users may write")
      })
    ))

  it.live("excludes the flags of one tenant, and its own flags need it", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        for (const args of [["--record", "r"], ["--replay", "r"]]) {
          assert.strictEqual((yield* extract(folder, ...args)).code, 64)
        }
        for (const args of [["--at-once", "2"], ["--max-rate", "9"], ["--shard", "0/2"], ["--tenant-timeout", "2h"]]) {
          const { code, stderr } = yield* command(folder, ["extract", ...args], loopback)
          assert.strictEqual(code, 64, stderr)
          assert.include(stderr, "name them with --tenants or --accounts")
        }
        assert.strictEqual((yield* extract(folder, "--shard", "2/2")).code, 64)
      })
    ))
})
