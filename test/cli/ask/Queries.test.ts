/** The named queries, asked of the small history that test/known/scene.ts tells. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import auth from "../../../pipelines/auth.ts"
import integrations from "../../../pipelines/integrations.ts"
import mfa from "../../../pipelines/mfa.ts"
import * as NotExtracted from "../../../src/cli/ask/NotExtracted.ts"
import { known } from "../../known/ledger.ts"
import { command } from "../../support/processes/command.ts"

const folderOfQueries = `${import.meta.dirname}/../../../data/queries`
const queries = readdirSync(folderOfQueries).map((file) => file.replace(/\.sql$/, ""))

/** The queries over what the small history does not have, with the pipelines that they need; test/demo has the demo's answers. */
const overMore = new Map(queries.flatMap((name) => {
  const sql = readFileSync(`${folderOfQueries}/${name}.sql`, "utf8")
  const [missing] = NotExtracted.missingIn(sql, [mfa, auth, integrations], ["mfa"])
  return missing === undefined ? [] : [[name, missing.pipelines] as const]
}))

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

  it.live("over what was never read say so, and which command reads it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(new Set([...overMore.values()].flat()), new Set(["auth", "integrations"]))
      for (const [name, pipelines] of overMore) {
        const { code, stderr } = yield* command(folder, ["sql", `@${name}`], { DUO_MFA_DATA: "data" })
        const sentence = `no run has read it yet: duo-mfa extract ${pipelines.join(" and duo-mfa extract ")}`
        assert.deepStrictEqual([code, stderr.includes(sentence)], [64, true], stderr)
      }
    }))

  for (const name of queries.filter((name) => !overMore.has(name))) {
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
