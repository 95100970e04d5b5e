/** Runs the commands of docs/scheduling as each scheduler would, and compares its reaction to exit codes with their meaning. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter } from "node:path"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { ExitCode } from "../../src/failure/ExitCode.ts"
import { inFolder, settings } from "../support/processes/program.ts"
import { hook } from "../support/servers/webhook.ts"
import { shipped } from "../support/verdicts.ts"

const textOf = (file: string) => readFileSync(`docs/scheduling/${file}`, "utf8")
const page = readFileSync("docs/scheduling.md", "utf8")

const { busy, incomplete, interrupted, ok, terminated, unavailable, ...others } = ExitCode
const later = [incomplete, unavailable, busy, interrupted, terminated]
const never = Object.values(others).toSorted((a, b) => a - b)

/** The numbers in the first group of a match. */
const numbers = (text: string, pattern: RegExp) => (pattern.exec(text)?.[1]?.match(/\d+/g) ?? []).map(Number)

const executable = (file: string, script: string) => {
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
}

describe("what to run again", () => {
  it("is the same everywhere", () => {
    assert.deepStrictEqual(numbers(textOf("duo-mfa.service"), /^RestartPreventExitStatus=(.*)$/m), never)
    for (const file of ["cronjob.yaml", "shards.yaml"]) {
      assert.deepStrictEqual(numbers(textOf(file), /^ +values: (.*)$/m), never, file)
    }
    assert.deepStrictEqual(numbers(textOf("again.sh"), /^ +([\d |]+)\)/m), later)
    for (const file of ["airflow_dag.py", "airflow_shards.py", "dagster_job.py"]) {
      assert.deepStrictEqual(numbers(textOf(file), /^LATER = (.*)$/m), later, file)
    }
    const rows = [...page.matchAll(/^\| (\d[\d, ]*) \| (.*) \|$/gm)]
    const quoted = (pattern: RegExp) =>
      rows.filter(([_, __, what = ""]) => pattern.test(what)).flatMap(([_, codes = ""]) =>
        codes.split(", ").map(Number)
      )
        .toSorted((a, b) => a - b)
    assert.deepStrictEqual([quoted(/^nothing/), quoted(/^the same again/), quoted(/^tell a person/)], [
      [ok],
      later,
      never
    ])
  })

  it.live("with cron: after 5, 15 and 45 minutes, for as long as the exit says so", () =>
    inFolder((folder) =>
      Effect.sync(() => {
        executable(`${folder}/sleep`, "echo slept $1")
        executable(`${folder}/ends`, `read -r code < ${folder}/codes; sed -i 1d ${folder}/codes; exit $code`)
        const run = (...codes: ReadonlyArray<number>) => {
          writeFileSync(`${folder}/codes`, codes.map((code) => `${code}\n`).join(""))
          const env = { PATH: `${folder}${delimiter}${process.env["PATH"]}` }
          const { status, stdout } = spawnSync("docs/scheduling/again.sh", ["ends"], { env, encoding: "utf8" })
          return [status, ...numbers(stdout, /([^]*)/)]
        }
        assert.deepStrictEqual(run(0), [0])
        assert.deepStrictEqual(run(75, 69, 0), [0, 300, 900])
        for (const code of never) assert.deepStrictEqual(run(75, code, 0), [code, 300])
        for (const code of later) assert.deepStrictEqual(run(code, code, code, code, 0), [code, 300, 900, 2700])
      })
    ))
})

it("the page says the versions that are tried", () => {
  const script = readFileSync("test/interop/scheduling/run.sh", "utf8")
  const versions = [...script.matchAll(/(?:apache-airflow|dagster)==([\d.]+)|for version in ([\d.]+) ([\d.]+)/g)]
    .flatMap(([_, ...versions]) => versions.filter((version) => version !== undefined))
  assert.strictEqual(versions.length, 4)
  for (const version of versions) assert.include(page, version)
})

/** Where Debian's node exporter reads files. */
const exporter = "lib/prometheus/node-exporter"

/** What a scheduler's file names, in a folder: the program, the settings, the data. */
const here = (folder: string, text: string) =>
  text
    .replaceAll("/opt/duo-mfa", `${folder}/opt`)
    .replaceAll("/etc/duo-mfa", `${folder}/etc`)
    .replaceAll(/\/var\/lib(?=\/(duo-mfa|prometheus))|%S/g, `${folder}/lib`)
    .replaceAll("%d", `${folder}/credentials`)

const assignments = (text: string) =>
  Object.fromEntries([...text.matchAll(/(\w+)=(\S+)/g)].map(([_, name = "", value = ""]) => [name, value]))

/**
 * Runs a command with the environment that a scheduler would give it, and nothing else; 10 users are to be extracted, and all
 * policies are kept. The result is the folder, and what the health check heard.
 */
const scheduled = (
  text: string,
  told: (text: string) => { readonly command: string; readonly env: Readonly<Record<string, string>> },
  secrets: ReadonlyArray<string>
) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const duo = yield* serve({ users: 10 })
    const check = yield* hook()
    const { DUO_HOST, DUO_IKEY, DUO_SKEY } = settings(duo)
    for (const made of ["opt/node_modules/.bin", "etc", "lib/duo-mfa/policies", "credentials", exporter]) {
      mkdirSync(`${folder}/${made}`, { recursive: true })
    }
    for (const file of ["etc/skey", "credentials/skey"]) {
      writeFileSync(`${folder}/${file}`, `${DUO_SKEY}\n`, { mode: 0o400 })
    }
    for (const name of shipped) {
      writeFileSync(`${folder}/lib/duo-mfa/policies/${name}.sql`, "-- It is kept.\n-- At most 0\nSELECT 1 WHERE false")
    }
    writeFileSync(`${folder}/etc/ping`, `${check.url}\n`, { mode: 0o400 })
    writeFileSync(`${folder}/etc/env`, `DUO_IKEY=${DUO_IKEY}\nDUO_HOST=${DUO_HOST}\n`)
    executable(`${folder}/opt/again.sh`, textOf("again.sh"))
    executable(
      `${folder}/opt/node_modules/.bin/duo-mfa`,
      `DUO_INSECURE_LOOPBACK=1 exec ${process.execPath} ${import.meta.dirname}/../../src/main.ts "$@"`
    )
    const { command, env } = told(here(folder, text))
    const given = { DUO_HOST, DUO_IKEY, DUO_SKEY, DUO_MFA_PING: check.url }
    const all = { ...env, ...Object.fromEntries(Object.entries(given).filter(([name]) => secrets.includes(name))) }
    const ended = yield* Effect.promise(() =>
      new Promise<string>((resolve) => {
        const child = spawn("/bin/sh", ["-c", command], { cwd: folder, env: all })
        let said = ""
        child.stdout.on("data", (data) => said += String(data))
        child.stderr.on("data", (data) => said += String(data))
        child.on("close", (code) => resolve(`exit ${code}\n${said}`))
      })
    )
    assert.match(ended, /^exit 0\n[^]*10 users [^]*\nverdict [^]*\n\S+report\.html\n$/)
    assert.isTrue(existsSync(`${folder}/lib/duo-mfa/duo.duckdb`), ended)
    assert.isTrue(existsSync(`${folder}/lib/duo-mfa/report.html`), ended)
    assert.isEmpty(globSync(`${folder}/data`))
    return { metrics: globSync(`${folder}/${exporter}/*`), pings: check.posts.map(({ method }) => method) }
  }))

describe("a run as it is scheduled", () => {
  it.live("by systemd has all it needs from the unit, the key from its credentials, and tells Prometheus", () =>
    Effect.gen(function*() {
      const { metrics, pings } = yield* scheduled(textOf("duo-mfa.service"), (unit) => {
        const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1] ?? ""
        assert.match(unit, /^LoadCredential=skey:/m)
        assert.include(value("ExecStart"), value("ReadWritePaths").slice(1))
        const file = readFileSync(value("EnvironmentFile"), "utf8")
        return { command: value("ExecStart"), env: { ...assignments(file), ...assignments(value("Environment")) } }
      }, [])
      assert.deepStrictEqual([metrics.length, pings], [1, []])
    }))

  it.live("by cron has it from its lines, and tells a health check", () =>
    Effect.gen(function*() {
      const { pings } = yield* scheduled(textOf("crontab"), (lines) => {
        const [, command = ""] = /^(?:[\d*]+ ){5}(.*)$/m.exec(lines) ?? []
        return { command, env: assignments(lines) }
      }, ["DUO_IKEY", "DUO_HOST"])
      assert.deepStrictEqual(pings, ["GET"])
    }))

  it.live("by GitHub Actions has it from the workflow and its secrets, and tells a health check", () =>
    Effect.gen(function*() {
      const { pings } = yield* scheduled(textOf("workflow.yml"), (workflow) => {
        const [, command = ""] = /^ +run: (.*)$/m.exec(workflow) ?? []
        const [, data = ""] = /DUO_MFA_DATA: (.*)$/m.exec(workflow) ?? []
        return { command, env: { DUO_MFA_DATA: data } }
      }, [...textOf("workflow.yml").matchAll(/secrets\.(\w+)/g)].map(([_, name = ""]) => name))
      assert.deepStrictEqual(pings, ["GET"])
    }))

  it.runIf(existsSync("/usr/bin/systemd-analyze"))(
    "by systemd is a unit without a mistake",
    () =>
      Effect.runPromise(inFolder((folder) =>
        Effect.sync(() => {
          writeFileSync(
            `${folder}/duo-mfa.service`,
            textOf("duo-mfa.service").replace(/^ExecStart=\S+/m, "ExecStart=/bin/true")
          )
          writeFileSync(`${folder}/duo-mfa.timer`, textOf("duo-mfa.timer"))
          const files = [`${folder}/duo-mfa.service`, `${folder}/duo-mfa.timer`]
          const { status, stderr } = spawnSync("/usr/bin/systemd-analyze", ["verify", ...files], { encoding: "utf8" })
          assert.deepStrictEqual([status, stderr], [0, ""])
        })
      ))
  )
})
