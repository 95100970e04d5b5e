/** docs/retention.md: its commands work as they stand, in its order. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { main } from "../../support/processes/bundle.ts"
import { extract } from "../../support/processes/command.ts"
import { inFolder } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"

const lines = [...readFileSync("docs/retention.md", "utf8").matchAll(/^```sh\n([^`]+)^```$/gm)]
  .flatMap(([_, block = ""]) => block.trim().split("\n"))

describe("docs/retention.md", () => {
  it.live(
    "has commands that work",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        yield* extract(folder, { users: 20 })
        const [user] = yield* readers.query(`${folder}/data/duo.duckdb`, "SELECT user_id FROM users LIMIT 1")
        mkdirSync(`${folder}/bin`)
        writeFileSync(`${folder}/bin/duo-mfa`, `#!/bin/sh\nexec "${process.execPath}" "${main.entry}" "$@"\n`, {
          mode: 0o755
        })
        assert.lengthOf(lines, 10)
        for (const line of lines) {
          const { status, stderr } = spawnSync("sh", [
            "-c",
            line.replace("DUXK3J7QH2M9ZT5LWB1C", String(user?.["user_id"]))
          ], {
            cwd: folder,
            encoding: "utf8",
            env: { NODE_COMPILE_CACHE: main.compiled, PATH: `${folder}/bin:${process.env["PATH"]}` }
          })
          assert.strictEqual(status, 0, `${line}: ${stderr}`)
        }
      })),
    120_000
  )
})
