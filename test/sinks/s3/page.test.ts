/** The page docs/s3.md: its commands work, and it names the package in the version that is tested. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { command } from "../../support/processes/command.ts"
import { inFolder, settings } from "../../support/processes/program.ts"
import { credentials, locationOf } from "../../support/servers/moto-server.ts"
import { hasServer, serverOfFile } from "./s3-sink.ts"

const at = serverOfFile()

const page = readFileSync("docs/s3.md", "utf8")
const [installing = "", ...commands] = [...page.matchAll(/^```sh\n([^`]+)^```/gm)].flatMap(([_, block = ""]) =>
  block.trim().split("\n")
)

describe("the page", () => {
  it("names the optional package in its version, and so does package.json for npm and for the tests", () => {
    const { devDependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(readFileSync("package.json", "utf8"))
    const name = "@aws-sdk/client-s3"
    assert.strictEqual(installing, `npm install ${name}@${peerDependencies[name]}`)
    assert.strictEqual(devDependencies[name], peerDependencies[name])
    assert.match(peerDependencies[name], /^\d+\.\d+\.\d+$/)
    assert.isTrue(peerDependenciesMeta[name].optional)
  })
})

describe.skipIf(!hasServer)("with an S3 server", () => {
  it.live("the commands of the page work, a bucket that no command names is not asked, and nothing secret is shown", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 20 })
      const env = { ...settings(duo), ...credentials }
      const target = "reports/duo?region=eu-central-1"
      const place = locationOf(at().url, "page").replace("s3://", "")
      assert.strictEqual(commands.length, 3)
      for (const typed of commands) {
        const args = typed.replace(target, place).replaceAll("'", "").split(" ").slice(1)
        const { code, stderr, stdout } = yield* command(folder, args, env)
        assert.strictEqual(code, 0, `${typed}: ${stderr}`)
        for (const secret of [credentials.AWS_ACCESS_KEY_ID, credentials.AWS_SECRET_ACCESS_KEY]) {
          assert.notInclude(stdout + stderr, secret)
        }
        if (args[0] === "verify") assert.strictEqual(stdout.match(/s3 .* same$/gm)?.length, 4)
      }
      const unnamed = yield* command(folder, ["verify"], env)
      assert.strictEqual(unnamed.code, 4, unnamed.stderr)
      assert.include(unnamed.stderr, `s3:s3://${place}`)
    })))
})
