/** Everything that runs here comes from the lock file, which has its hash, and installing runs nobody's script. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly link?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly os?: string | ReadonlyArray<string>
  readonly cpu?: string | ReadonlyArray<string>
}

const packages: Readonly<Record<string, Locked>> = JSON.parse(readFileSync("package-lock.json", "utf8")).packages

/** Packages with code in them, as opposed to our own. */
const foreign = Object.entries(packages).filter(([folder, { link }]) => /node_modules/.test(folder) && link !== true)

describe("the lock file", () => {
  it("has the hash of every package; the linter's for other platforms are in no registry that we know", () => {
    const without = foreign.filter(([_, { integrity = "" }]) => !integrity.startsWith("sha512-")).map(([name]) => name)
    assert.deepStrictEqual(without.filter((name) => !/@effect\/tsgo-(darwin|win32|linux-arm)/.test(name)), [])
  })

  it("has the Node that runs everything, for Linux on x64 and arm64, in one version", () => {
    const nodes = foreign.filter(([_, { bin }]) => bin?.["node"] !== undefined)
    assert.deepStrictEqual(nodes.map(([_, { cpu, os }]) => `${os} ${cpu}`).toSorted(), ["linux arm64", "linux x64"])
    assert.deepStrictEqual([...new Set(nodes.map(([_, { version }]) => version))], [process.versions.node])
  })

  it("is all that is installed, and no script is run", () => {
    const installing = readFileSync("Makefile", "utf8").match(/@npm (ci|i|install|add|exec)\b.*/g)
    assert.deepStrictEqual(installing, [
      "@npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null"
    ])
  })
})

describe("where the registry has no Node for a platform", () => {
  /** The output and the exit code of `src/node/node --version`, with a `node` on the PATH that claims to be a version. */
  const started = (version: string | undefined) => {
    const folder = mkdtempSync(join(tmpdir(), "duo-mfa-node-"))
    mkdirSync(join(folder, "src/node"), { recursive: true })
    copyFileSync("src/node/node", join(folder, "src/node/node"))
    if (version !== undefined) {
      writeFileSync(
        join(folder, "node"),
        `#!/bin/sh\n[ "$1" = -e ] && exec ${process.execPath} -e "Object.defineProperty(process, 'versions', ` +
          `{ value: { node: '${version}' } }); $2"\necho "v${version}"\n`
      )
      chmodSync(join(folder, "node"), 0o755)
    }
    const PATH = `${folder}:/usr/bin:/bin`
    const { status, stderr, stdout } = spawnSync(join(folder, "src/node/node"), ["--version"], {
      env: { PATH },
      encoding: "utf8"
    })
    rmSync(folder, { recursive: true, force: true })
    return { status, stderr, stdout: stdout.trim() }
  }

  it("the one on the PATH runs it, if it is new enough", () => {
    for (const version of ["22.19.0", "22.20.1", "24.0.0"]) {
      assert.deepStrictEqual(started(version), { status: 0, stderr: "", stdout: `v${version}` })
    }
  })

  it("an older one, or none, is a sentence and 78", () => {
    for (const version of ["20.20.2", "22.18.9", undefined]) {
      const { status, stderr, stdout } = started(version)
      assert.deepStrictEqual([status, stdout], [78, ""])
      assert.match(stderr, /^duo-mfa needs Node 22\.19 or newer\. Run make setup; .*\n$/)
    }
  })
})
