/** X3: environments that tell the program to trust any server, or that could show its key to others. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { settings } from "../../support/processes/program.ts"
import { good, key } from "../../support/servers/certificates.ts"
import { listenBehindProxy } from "../../support/servers/real-host.ts"
import type { Case } from "../Case.ts"
import { inFolder } from "../support/InProcess.ts"
import { process as program } from "../support/Process.ts"

const keys = { DUO_IKEY: "DI000000000000000000", DUO_SKEY: "0".repeat(40), DUO_SIGNATURE: "v5-sha512", DUO_API: "v1" }
const real = { ...keys, DUO_HOST: "api-12345678.duosecurity.com" }
const args = ["extract", "--dry-run"]

const untrusted = inFolder(Effect.fnUntraced(function*(cwd) {
  const { proxy, seen } = yield* listenBehindProxy(200, { cert: good, key })
  const env = { ...real, HTTPS_PROXY: proxy, NODE_TLS_REJECT_UNAUTHORIZED: "0" }
  const { code, stderr } = yield* program({ cwd, args, env })
  assert.strictEqual(code, 69, stderr)
  assert.include(stderr, "NODE_EXTRA_CA_CERTS")
  assert.lengthOf(seen.connects, 1)
  assert.deepStrictEqual(seen.requests, [])
}))

const proxied = inFolder(Effect.fnUntraced(function*(cwd) {
  const { proxy, seen } = yield* listenBehindProxy(200, { cert: good, key })
  writeFileSync(join(cwd, "ca.pem"), good)
  const env = { ...real, HTTPS_PROXY: proxy, NODE_EXTRA_CA_CERTS: join(cwd, "ca.pem") }
  const { code, stderr } = yield* program({ cwd, args, env })
  assert.strictEqual(code, 0, stderr)
  assert.isNotEmpty(seen.requests)
  assert.deepStrictEqual([...new Set(seen.connects)], ["api-12345678.duosecurity.com:443"])
}))

/** Runs the program with these options, and checks its warning. If `says` is not given, there must be no warning. */
const warned = (options: Readonly<Record<string, string>>, dotEnv: number | undefined, says: RegExp | undefined) =>
  inFolder(Effect.fnUntraced(function*(cwd) {
    const duo = yield* serve({ users: 3 })
    const { DUO_SKEY, ...others } = settings(duo)
    writeFileSync(join(cwd, "nothing.cjs"), "")
    if (dotEnv !== undefined) {
      writeFileSync(join(cwd, ".env"), `export DUO_SKEY=${DUO_SKEY}\n`)
      chmodSync(join(cwd, ".env"), dotEnv)
    }
    const env = { ...others, ...dotEnv === undefined ? { DUO_SKEY } : {}, ...options }
    const { code, stderr } = yield* program({ cwd, args, env })
    assert.strictEqual(code, 0, stderr)
    const warnings = stderr.split("\n").filter((line) => line.startsWith("warn: "))
    assert.lengthOf(warnings, says === undefined ? 0 : 1, stderr)
    if (says !== undefined) assert.match(warnings.join(), says)
    assert.notInclude(stderr, DUO_SKEY)
  }))

/** Environments by name. `make test` tries the first four, `make torture` all. */
const rows = [
  ["NODE_TLS_REJECT_UNAUTHORIZED", untrusted],
  ["HTTPS_PROXY", proxied],
  ["NODE_OPTIONS --inspect", warned({ NODE_OPTIONS: "--inspect=127.0.0.1:0" }, undefined, /--inspect/)],
  [".env for all to read", warned({}, 0o644, /\.env.*chmod 600/)],
  [".env for the group to read", warned({}, 0o640, /\.env.*chmod 600/)],
  [".env for its owner", warned({}, 0o600, undefined)],
  ["NODE_OPTIONS --require", warned({ NODE_OPTIONS: "--require=./nothing.cjs" }, undefined, /--require/)],
  ["NODE_OPTIONS --report-on-signal", warned({ NODE_OPTIONS: "--report-on-signal" }, undefined, /--report-on-signal/)],
  ["NODE_OPTIONS of no harm", warned({ NODE_OPTIONS: "--max-old-space-size=500" }, undefined, undefined)]
] as const

export const cases: ReadonlyArray<Case> = [{
  id: "X3",
  fault: "an environment that trusts any server, opens a debugger, loads code, or shows the key to others",
  expected:
    "no other certificate is trusted, a proxy works, and there is a warning about everything that endangers the key",
  n: { test: 1, torture: 2 },
  run: ({ n }) =>
    Effect.map(
      Effect.forEach(rows.slice(0, n * 4), ([name, row]) => Effect.as(row, [name, 1] as const), { concurrency: 2 }),
      (reached) => Object.fromEntries(reached)
    )
}]
