/** Without a collector, the program sends no telemetry, and does not even load the code that would. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { sources } from "../support/processes/bundle.ts"
import { inFolder, program, settings } from "../support/processes/program.ts"
import { collect } from "../support/servers/collector.ts"

const users = 60

describe("without a collector", () => {
  /** Keeps a list of the connections of the program, and of the modules of the exporter that it loads. */
  const watcher = `
    import { appendFileSync } from "node:fs"
    import { registerHooks } from "node:module"
    import net from "node:net"
    const { connect } = net.Socket.prototype
    net.Socket.prototype.connect = function(...args) {
      const [{ host, port }] = [args[0]].flat()
      appendFileSync("connected", host + ":" + port + "\\n")
      return connect.apply(this, args)
    }
    registerHooks({
      load: (url, context, next) => {
        if (/observability|telemetry\\/Otlp/.test(url)) appendFileSync("loaded", url + "\\n")
        return next(url, context)
      }
    })`

  const run = Effect.fnUntraced(function*(folder: string, args: ReadonlyArray<string>, env: Record<string, string>) {
    writeFileSync(`${folder}/watcher.mjs`, watcher)
    const ended = yield* program(folder, args, env, ["--import", `${folder}/watcher.mjs`, sources.entry])
    assert.strictEqual(ended.code, 0, ended.stderr)
    const lines = (file: string) =>
      existsSync(`${folder}/${file}`) ? readFileSync(`${folder}/${file}`, "utf8").trim().split("\n") : []
    return { connected: new Set(lines("connected")), loaded: lines("loaded") }
  })

  it.live("the program connects only to Duo, and does not load the exporter", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users })
      const env = { ...settings(duo), OTEL_EXPORTER_OTLP_ENDPOINT: "", OTEL_SERVICE_NAME: "duo" }
      const { connected, loaded } = yield* run(folder, ["extract"], env)
      assert.deepStrictEqual([...connected], [duo.host])
      assert.deepStrictEqual(loaded, [])
    })))

  it.live("extract loads the exporter, and a command that sends nothing does not", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users })
      const collector = yield* collect()
      const env = { ...settings(duo), ...collector.env }
      const version = yield* run(folder, ["--version"], env)
      assert.deepStrictEqual([[...version.connected], version.loaded], [[], []])
      const { connected, loaded } = yield* run(folder, ["extract", "--dry-run"], env)
      assert.sameMembers([...connected], [duo.host, collector.host])
      assert.isNotEmpty(loaded)
    })))
})
