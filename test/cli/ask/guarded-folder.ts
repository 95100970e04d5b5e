/** A folder with outputs and a secret, and a server: SQL of somebody else must leave all of them alone. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type * as Tenant from "../../../src/emulator/people/Tenant.ts"
import type { Pipeline } from "../../../src/Pipeline.ts"
import { runAt } from "../../known/ledger.ts"
import { command } from "../../support/processes/command.ts"
import { contents, program, start } from "../../support/processes/program.ts"
import { everySink } from "../../torture/support/InProcess.ts"

export const secret = "hush-hush-0123456789"

/** Makes the folder, with a run into a ledger and Parquet files below `data`. The port is for the run. */
export const guardedFolder = async (port: number, tenant: Tenant.Tenant, pipeline?: Pipeline) => {
  const folder = mkdtempSync(join(tmpdir(), "duo-mfa-sandbox-"))
  const data = `${folder}/data`
  await Effect.runPromise(
    runAt(data, Date.UTC(2026, 10, 8, 9), { tenant, port }, everySink(data).slice(0, 2), pipeline).pipe(
      Effect.provide(NodeServices.layer)
    )
  )
  writeFileSync(`${folder}/.env`, `DUO_SKEY=${secret}\n`, { mode: 0o600 })
  let requests = 0
  let server: Server
  const address = await new Promise<string>((resolve) => {
    server = createServer((_, response) => {
      requests++
      response.end("a\n1\n")
    }).listen(0, "127.0.0.1", () => {
      const at = server.address()
      resolve(`http://127.0.0.1:${typeof at === "object" ? at?.port : 0}`)
    })
  })
  const env = { DUO_MFA_DATA: "data", HOME: folder, DUO_SKEY: secret }
  return {
    folder,
    address,
    duoMfa: (...args: ReadonlyArray<string>) => command(folder, args, env),
    /** In a process of its own: for what DuckDB may print itself, and for what is about the process. */
    inProcess: (...args: ReadonlyArray<string>) => program(folder, args, env),
    /** Statements on the standard input of our own prompt. */
    shell: (input: string) =>
      Effect.promise(() => {
        const { child, ended } = start(folder, ["shell", "--no-duckdb"], env)
        child.stdin.end(input)
        return ended
      }),
    /** Nothing changed, nobody was called, and the secret is not told. */
    unharmed: <E>(test: Effect.Effect<void, E>) =>
      Effect.gen(function*() {
        const before = contents(folder)
        yield* test
        assert.deepStrictEqual(contents(folder), before)
        assert.include(readFileSync(`${folder}/.env`, "utf8"), secret)
        assert.strictEqual(requests, 0)
      }),
    remove: () => {
      server.close()
      rmSync(folder, { recursive: true })
    }
  }
}

export type GuardedFolder = Awaited<ReturnType<typeof guardedFolder>>
