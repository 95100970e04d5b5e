/** Environments that are short of something: each has its exit code and a sentence that names what is short. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Runtime } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import * as Failure from "../../sinks/postgres/Failure.ts"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { SinkError } from "../../src/failure/SinkError.ts"
import { inDataDirectory, RunError } from "../../src/run/RunError.ts"
import { main } from "../support/processes/bundle.ts"
import { command } from "../support/processes/command.ts"
import { inFolder, program, settings, start } from "../support/processes/program.ts"
import { good, key } from "../support/servers/certificates.ts"
import { listenBehindProxy } from "../support/servers/real-host.ts"

const real = {
  DUO_IKEY: "DI000000000000000000",
  DUO_SKEY: "0".repeat(40),
  DUO_SIGNATURE: "v5-sha512",
  DUO_API: "v1",
  DUO_HOST: "api-12345678.duosecurity.com"
}

describe("a user of the system without a name and without HOME", () => {
  /** Runs the program with the answers that Node gives to such a user, because the user who runs the tests has a name. */
  const nameless = (folder: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) => {
    const preload = `${folder}/nameless.cjs`
    writeFileSync(
      preload,
      `const os = require("node:os")
       os.homedir = os.userInfo = () => { throw Object.assign(new Error("no such user"), { code: "ENOENT" }) }
       require("node:module").syncBuiltinESMExports()`
    )
    return Effect.promise(() => start(folder, args, env, ["--require", preload, main.entry]).ended)
  }

  it.live("runs, and fails as anybody", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 3 })
      const well = yield* nameless(folder, ["extract"], settings(duo))
      assert.strictEqual(well.code, 0, well.stderr)
      const refused = yield* nameless(folder, ["extract"], { ...settings(duo), DUO_SKEY: "1".repeat(40) })
      assert.strictEqual(refused.code, 77, refused.stderr)
      assert.include(refused.stderr, "40103")
    })), 60_000)

  it.live("is asked for the name in PostgreSQL", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const env = settings(yield* serve({ users: 3 }))
      const { code, stderr } = yield* nameless(folder, ["extract", "--sink", "postgres:postgres://h/x"], env)
      assert.strictEqual(code, 78, stderr)
      assert.include(stderr, "PGUSER is not set, and the system has no name for this user")
    })), 60_000)
})

describe("a proxy", () => {
  const extracting = (folder: string, env: Readonly<Record<string, string>>) =>
    program(folder, ["extract", "--dry-run"], { ...real, ...env })

  for (const name of ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY"]) {
    it.live(`without http:// in ${name} is one`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const { proxy, seen } = yield* listenBehindProxy(200, { cert: good, key })
        writeFileSync(`${folder}/ca.pem`, good)
        const { code, stderr } = yield* extracting(folder, {
          [name]: proxy.replace("http://", ""),
          NODE_EXTRA_CA_CERTS: `${folder}/ca.pem`
        })
        assert.strictEqual(code, 0, stderr)
        assert.isNotEmpty(seen.requests)
      })), 60_000)
  }

  for (
    const [value, says] of [
      ["socks5://me:s3cret@h:1080", "HTTPS_PROXY is a SOCKS proxy, which is not supported"],
      ["socks5h://h:1080", "HTTPS_PROXY is a SOCKS proxy, which is not supported"],
      ["ftp://h", "HTTPS_PROXY is a proxy of a kind that is not supported"],
      ["http://", "HTTPS_PROXY is not the URL of a proxy"],
      ["me:s3cret@h:port", "HTTPS_PROXY is not the URL of a proxy"]
    ] as const
  ) {
    it.live(`${value} is a setting that cannot be used`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const { code, stderr } = yield* extracting(folder, { HTTPS_PROXY: value })
        assert.strictEqual(code, 78, stderr)
        assert.include(stderr, says)
        assert.notInclude(stderr, "s3cret")
      })), 60_000)
  }

  it.live("that cannot be used is in nobody's way who needs none", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const env = { ...settings(yield* serve({ users: 3 })), HTTPS_PROXY: "socks5://h:1080" }
      const { code, stderr } = yield* command(folder, ["extract"], env)
      assert.strictEqual(code, 0, stderr)
      const run = yield* command(folder, ["extract"], { ...env, DUO_MFA_NOTIFY: "https://hooks.example.com/x" })
      assert.strictEqual(run.code, 0, run.stderr)
      assert.include(run.stderr, "was not told: HTTPS_PROXY is a SOCKS proxy")
    })), 60_000)
})

it.live(
  "a TMPDIR that cannot be used is named, and the data directory is not",
  () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const env = { ...settings(yield* serve({ users: 3 })), TMPDIR: `${folder}/nowhere` }
      const { code, stderr } = yield* program(folder, ["extract", "--dry-run"], env)
      assert.strictEqual(code, 73, stderr)
      assert.include(stderr, "TMPDIR")
      assert.notInclude(stderr, "DUO_MFA_DATA")
      assert.strictEqual((yield* program(folder, ["extract"], env)).code, 0, "a run needs none")
    })),
  60_000
)

describe("too many open files", () => {
  it.live(
    "are told as such wherever they are met, until there are enough",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const env = settings(yield* serve({ users: 3 }))
        const met = yield* Effect.forEach(
          Array.from({ length: 12 }, (_, index) => 22 + index),
          Effect.fnUntraced(function*(limit) {
            const cwd = `${folder}/${limit}`
            mkdirSync(cwd)
            const limited = ["-c", `ulimit -n ${limit}; exec "$@"`, "sh", process.execPath, main.entry, "extract"]
            const { code, stderr } = yield* Effect.promise(() => start(cwd, [], env, ["-e", inShell(limited)]).ended)
            // with so few Node itself cannot read the program, or is ended by a signal, which is not an exit code
            if (code === 0 || code === 1 && stderr.includes("getSourceSync")) return 0
            assert.strictEqual(code, stderr.includes("to connect to Duo") ? 69 : 74, `${limit}: ${stderr}`)
            assert.match(stderr, /Too many files are open .*ulimit -n/, String(limit))
            assert.notMatch(stderr, /writable|check the disk|Check the network/)
            return 1
          }),
          { concurrency: 2 }
        )
        assert.isAbove(met.filter((each) => each === 1).length, 3)
      })),
    120_000
  )

  /** Node that becomes a shell, because the limit is the shell's to set. */
  const inShell = (args: ReadonlyArray<string>) =>
    `process.exit(require("node:child_process").spawnSync("sh", ${JSON.stringify(args)}, { stdio: "inherit" }).status)`

  it("in the client of PostgreSQL are not reported as a failure of the server", () => {
    assert.strictEqual(Failure.reasonOf(Object.assign(new Error(""), { code: "EMFILE" }))._tag, "TooManyFiles")
  })
})

describe("a file system without locks", () => {
  const says = (why: string) =>
    DuckDb.reasonOf(new Error(`IO Error: Could not set lock on file "/mnt/x/.lock": ${why}\n\nStack`))

  for (
    const why of [
      "File locks are not supported for this file system, cannot open the file in read-write mode. Try opening the file in read-only mode",
      "No locks available. See also https://duckdb.org/docs/stable/connect/concurrency",
      "Function not implemented. See also https://duckdb.org/docs/stable/connect/concurrency"
    ]
  ) {
    it(`is told as such: ${why.slice(0, 24)}`, () => {
      const reason = says(why)
      assert.strictEqual(reason._tag, "Unlockable")
      const sink = new SinkError({ sink: "duckdb", location: "/mnt/x/l.duckdb", reason })
      const data = new RunError({ reason: inDataDirectory("/mnt/x", reason) })
      for (const { message } of [sink, data]) {
        assert.match(
          message,
          /file system of .*\/mnt\/x\S* does not support file locks, which keep two runs apart: [A-Z][a-z ]+\./
        )
        assert.notMatch(message, /Another run|writable/)
      }
      assert.deepStrictEqual([sink, data].map((error) => error[Runtime.errorExitCode]), [73, 73])
    })
  }

  it("is not reported if another process has the lock", () => {
    const why = "Conflicting lock is held in /usr/bin/node (PID 4711). See also https://duckdb.org/docs"
    assert.deepInclude(says(why), { _tag: "InUse", pid: 4711 })
    assert.deepInclude(says("Conflicting lock is held in an unknown process."), { _tag: "InUse", pid: null })
  })
})

describe("a connection to PostgreSQL that broke", () => {
  for (const code of ["EPIPE", "ECONNRESET", "ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH"]) {
    it(`with ${code} is no SQLSTATE: it cannot be reached`, () => {
      const reason = Failure.reasonOf(Object.assign(new Error(`write ${code}`), { code }))
      assert.deepInclude(reason, { _tag: "Unreachable", detail: code })
    })
  }
})
