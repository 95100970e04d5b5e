/** The named queries, asked of the small history that test/known/scene.ts tells. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { known } from "../../known/ledger.ts"
import { command } from "../../support/processes/command.ts"

const folderOfQueries = `${import.meta.dirname}/../../../data/queries`
const queries = readdirSync(folderOfQueries).map((file) => file.replace(/\.sql$/, ""))

/** The queries over the authentication log, which the small history does not have; the demo's answers are in test/demo. */
const overTheLog = queries.filter((name) =>
  /\bauthentications\b/.test(readFileSync(`${folderOfQueries}/${name}.sql`, "utf8"))
)

/** The parameters of the queries that require some. */
const parameters: Readonly<Record<string, ReadonlyArray<string>>> = {
  "phones-on": ["day=2026-11-03"],
  user: ["user=bob"]
}

let folder = ""

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-known-"))
  await Effect.runPromise(known(`${folder}/data`).pipe(Effect.provide(NodeServices.layer)))
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true }))

const ask = (...args: ReadonlyArray<string>) =>
  Effect.map(command(folder, ["sql", ...args], { DUO_MFA_DATA: "data" }), ({ code, stderr, stdout }) => {
    assert.strictEqual(code, 0, stderr)
    return stdout.replaceAll("\r\n", "\n")
  })

describe("queries", () => {
  it("say in their first line what they answer", () => {
    assert.isAtLeast(queries.length, 20)
    for (const name of queries) {
      assert.match(
        readFileSync(`${folderOfQueries}/${name}.sql`, "utf8"),
        /^-- [A-Z].{20,}\.?\n/
      )
    }
  })

  it.live("over the log say that it was never read, and which command reads it", () =>
    Effect.gen(function*() {
      assert.isAbove(overTheLog.length, 0)
      for (const name of overTheLog) {
        const { code, stderr } = yield* command(folder, ["sql", `@${name}`], { DUO_MFA_DATA: "data" })
        assert.deepStrictEqual([code, /no run has read it yet: duo-mfa extract auth/.test(stderr)], [64, true], stderr)
      }
    }))

  for (const name of queries.filter((name) => !overTheLog.includes(name))) {
    it.live(`@${name} knows the answer`, () =>
      Effect.gen(function*() {
        const expected = `${import.meta.dirname}/../../known/${name}.csv`
        const answer = yield* ask(`@${name}`, ...parameters[name] ?? [])
        if (process.env["WRITE_EXPECTED"] === "1") writeFileSync(expected, answer)
        assert.strictEqual(answer, readFileSync(expected, "utf8"))
      }))
  }

  it.live("whose name is mistyped are suggested", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* command(folder, ["sql", "@coverag"])
      assert.strictEqual(code, 64)
      assert.include(stderr, `Unknown query "@coverag". Did you mean "@coverage"? duo-mfa sql @ lists all.`)
    }))
})
