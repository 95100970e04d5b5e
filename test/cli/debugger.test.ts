/** That a signal opens no debugger in the program, from which another user of the machine would read the key. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { existsSync, globSync, readFileSync, readlinkSync } from "node:fs"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { inFolder, settings, start } from "../support/processes/program.ts"

/** The ports on which a process listens. */
const listening = (pid: number) => {
  const inodes = new Set(
    globSync(`/proc/${pid}/fd/*`).flatMap((file) => /^socket:\[(\d+)\]$/.exec(readlinkSync(file))?.[1] ?? [])
  )
  return ["tcp", "tcp6"].flatMap((family) =>
    readFileSync(`/proc/${pid}/net/${family}`, "utf8").split("\n").map((line) => line.trim().split(/\s+/)).flatMap(
      (fields) => fields[3] === "0A" && inodes.has(fields[9] ?? "") ? [fields[1]] : []
    )
  )
}

/** Starts a command that serves until it is stopped, sends it the signal, and says how it was before and after. */
const signalled = (command: string, args: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const child = spawn(command, [...args, "emulator", "--users", "3"], { env: { PATH: process.env["PATH"] } })
    let stderr = ""
    child.stderr.on("data", (data) => stderr += String(data))
    const { host } = JSON.parse(
      await new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))))
    )
    const pid = child.pid ?? 0
    const before = listening(pid)
    child.kill("SIGUSR1")
    // it answers while it would have opened one
    for (let times = 0; times < 50; times++) await (await fetch(`http://${host}/`)).text()
    const after = listening(pid)
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8")
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
    child.kill("SIGTERM")
    return { before, after, limits, stderr, code: await ended }
  })

describe("SIGUSR1", () => {
  const root = `${import.meta.dirname}/../..`
  const commands = {
    "./duo-mfa": [`${root}/duo-mfa`],
    "node src/main.ts": [process.execPath, `${root}/src/main.ts`],
    "the Node of make": [`${root}/src/node/node`, `${root}/src/main.ts`]
  }

  for (const [name, [command = "", ...args]] of Object.entries(commands)) {
    it.live(`opens no debugger and ends nothing: ${name}`, () =>
      Effect.gen(function*() {
        assert.isTrue(existsSync("/proc/self/fd"), "what listens is looked up in /proc")
        const { after, before, code, limits, stderr } = yield* signalled(command, args)
        assert.lengthOf(before, 1)
        assert.deepStrictEqual(after, before)
        assert.notInclude(stderr, "Debugger")
        assert.strictEqual(code, 143)
        if (name !== "node src/main.ts") assert.match(limits, /^Max core file size +0 +0 /m)
      }))
  }

  it.live("opens a debugger while the program loads, which is then closed", () =>
    Effect.gen(function*() {
      const early = "--import=data:text/javascript,process.kill(process.pid,'SIGUSR1')"
      const { after, before, code, stderr } = yield* signalled(process.execPath, [early, `${root}/src/main.ts`])
      assert.include(stderr, "Debugger listening")
      assert.lengthOf(before, 1)
      assert.deepStrictEqual(after, before)
      assert.strictEqual(code, 143)
    }))

  it.live("does not disturb a run that has the key", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 20, latency: 50 })
      const { child, ended } = start(folder, ["extract", "--page-size", "5", "--sink", "ndjson"], settings(duo))
      child.stderr.once("data", () => child.kill("SIGUSR1"))
      const { code, stderr } = yield* Effect.promise(() => ended)
      assert.strictEqual(child.signalCode, null)
      assert.strictEqual(code, 0, stderr)
      assert.notInclude(stderr, "Debugger")
    })))

  it("is disabled by every example of a scheduler, and so are files with the memory of the process", () => {
    const textOf = (file: string) => readFileSync(`docs/scheduling/${file}`, "utf8")
    assert.match(textOf("duo-mfa.service"), /^Environment=.* NODE_OPTIONS=--disable-sigusr1$/m)
    assert.match(textOf("duo-mfa.service"), /^LimitCORE=0$/m)
    assert.match(textOf("Dockerfile"), /^ENTRYPOINT .*ulimit -c 0 && .*"node", "--disable-sigusr1"/m)
    assert.match(textOf("crontab"), /^NODE_OPTIONS=--disable-sigusr1$/m)
    assert.match(textOf("again.sh"), /^ulimit -c 0$/m)
  })
})
