/** The parts of a list of tenants are written to one bucket at the same time, each from a data directory of its own. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { inFolder, query, start } from "../../support/processes/program.ts"
import { bytesOf, credentials, keysIn, locationOf } from "../../support/servers/moto-server.ts"
import { hasServer, serverOfFile } from "./s3-sink.ts"

const at = serverOfFile()

const job = readFileSync("docs/scheduling/shards.yaml", "utf8")
const args = [.../^ {14}args:\n((?: +- .*\n)+)/m.exec(job)?.[1]?.matchAll(/- (.*)/g) ?? []].map(([_, arg = ""]) => arg)
const parts = Number(/^ +completions: (\d+)$/m.exec(job)?.[1])

const names = ["one", "two", "three", "four", "five", "six"]

/** Writes a file of six emulated tenants, and their keys, as Kubernetes mounts a secret. */
const mounted = Effect.fnUntraced(function*(folder: string) {
  const secret: Record<string, string> = { "customers.toml": "" }
  for (const [index, name] of names.entries()) {
    const { host, ikey, skey } = yield* serve({ people: "hostile", users: 10 + index, seed: index + 1 })
    secret[name] = skey
    secret["customers.toml"] +=
      `[[tenants]]\nname = "${name}"\nhost = "${host}"\nikey = "${ikey}"\nskey_file = "${name}"\n`
  }
  mkdirSync(`${folder}/etc/..data`, { recursive: true })
  for (const [name, content] of Object.entries(secret)) {
    writeFileSync(`${folder}/etc/..data/${name}`, content)
    chmodSync(`${folder}/etc/..data/${name}`, 0o440)
    symlinkSync(`..data/${name}`, `${folder}/etc/${name}`)
  }
})

describe.skipIf(!hasServer)("with an S3 server", () => {
  it.live(
    "the pods of docs/scheduling/shards.yaml read each tenant once, and readers see all of them",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        yield* mounted(folder)
        const pod = (part: number) => {
          const own = (text: string) =>
            text.replace("$(PART)", String(part)).replace("/etc/duo-mfa", `${folder}/etc`).replace("/data", folder)
              .replace("s3:reports/duo?region=eu-central-1", `s3:${locationOf(at().url, "shards")}`)
          const [, data = ""] = /name: DUO_MFA_DATA\n +value: (.*)/.exec(job) ?? []
          const env = { ...credentials, DUO_INSECURE_LOOPBACK: "1", DUO_MFA_DATA: own(data) }
          return Effect.promise(() => start(folder, args.map(own), env).ended)
        }
        const indexes = Array.from({ length: parts }, (_, index) => index)
        for (const night of [1, 2]) {
          const pods = yield* Effect.forEach(indexes, pod, { concurrency: "unbounded" })
          for (const { code, stderr } of pods) assert.strictEqual(code, 0, `night ${night}: ${stderr}`)
        }
        const fs = yield* FileSystem.FileSystem
        for (const key of yield* Effect.promise(() => keysIn(at().client, "shards/"))) {
          yield* fs.makeDirectory(`${folder}/${key}`.replace(/[^/]*$/, ""), { recursive: true })
          yield* fs.writeFile(`${folder}/${key}`, yield* Effect.promise(() => bytesOf(at().client, key)))
        }
        const page = readFileSync("docs/s3.md", "utf8")
        const [, views = ""] = /^(CREATE VIEW runs AS[^`]*?)SELECT strongest/m.exec(page) ?? []
        assert.deepStrictEqual(
          yield* query(
            `${views.replaceAll("s3://reports/duo", `${folder}/shards`)}
          SELECT tenant, count(*) AS users, count(DISTINCT user_id) AS different, count(DISTINCT run_id) AS runs
          FROM users GROUP BY tenant ORDER BY users`
          ),
          names.map((tenant, index) => ({ tenant, users: 10 + index, different: 10 + index, runs: 1 }))
        )
      })),
    180_000
  )
})
