/** T3: the workers of a fleet are killed and frozen, and its PostgreSQL crashes, while they read many tenants. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Schema } from "effect"
import { writeFileSync } from "node:fs"
import { setTimeout as after } from "node:timers/promises"
import { bundle } from "../../support/processes/bundle.ts"
import { start } from "../../support/processes/program.ts"
import * as postgres from "../../support/servers/postgres-server.ts"
import { PrintedParent } from "../../support/servers/printed-parent.ts"
import type { Case } from "../Case.ts"

const users = 10
const workers = 4

type Process = ReturnType<typeof start>["child"]

/** The fleet's PostgreSQL, its tenants, and functions that start the program beside them. */
const make = Effect.fnUntraced(function*(tenants: number) {
  const { compiled, entry } = yield* bundle
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-torture-" })
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => postgres.start()),
    ({ stop }) => Effect.promise(() => stop())
  )
  const target = `postgres://duo@127.0.0.1:${server.port}/reports`
  const running = new Set<Process>()
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const child of running) child.kill("SIGKILL")
    })
  )
  const begin = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
    const { child, ended } = start(folder, args, { NODE_COMPILE_CACHE: compiled, ...env }, [
      "--disable-warning=ExperimentalWarning",
      entry
    ])
    running.add(child)
    void ended.then(() => running.delete(child))
    return { child, ended }
  }
  const emulator = begin(["emulator", "--children", String(tenants), "--users", String(users)])
  const line = yield* Effect.promise(() =>
    new Promise<string>((resolve) => {
      let text = ""
      emulator.child.stdout.on("data", (data) => {
        text += String(data)
        if (text.endsWith("\n")) resolve(text)
      })
    })
  )
  const { children, host, ikey, skey } = yield* Schema.decodeEffect(PrintedParent)(line)
  writeFileSync(
    `${folder}/tenants.ndjson`,
    children.map(({ account_id, host, name }) => JSON.stringify({ account_id, host, name })).join("\n"),
    { mode: 0o600 }
  )
  const settings = { DUO_HOST: host, DUO_IKEY: ikey, DUO_SKEY: skey, DUO_INSECURE_LOOPBACK: "1" }
  const list = ["--tenants", "tenants.ndjson", "--database", target]
  let started = 0
  return {
    server,
    worker: () =>
      begin(["worker", ...list, "--sink", target, "--at-once", "2"], {
        ...settings,
        DUO_MFA_DATA: `worker-${started++ % workers}`
      })
        .child,
    submit: (...args: ReadonlyArray<string>) => begin(["submit", ...list, ...args], settings).ended
  }
})

/** How many tenants are published, as an analyst sees it. */
const published = (server: postgres.Server) => {
  const [{ n = 0 } = {}] = postgres.query(
    server,
    "SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'duo_mfa_rows' AND tablename = 'runs'"
  )
  if (Number(n) === 0) return 0
  return Number(postgres.query(server, "SELECT count(DISTINCT tenant) AS n FROM duo_mfa.runs")[0]?.["n"])
}

const second = 1000

/** Starts the workers, hands the tenants over, and breaks things until every tenant is published. */
const break_ = Effect.fnUntraced(function*(tenants: number) {
  const { server, submit, worker } = yield* make(tenants)
  return yield* Effect.promise(async () => {
    const reached = { killed: 0, frozen: 0, "PostgreSQL crashed": 0 }
    const alive = Array.from({ length: workers }, worker)
    // one period is enough for the whole case
    const first = await submit("--every", "24h")
    assert.strictEqual(first.code, 0, first.stderr)
    const done = new AbortController()
    const all = submit("--every", "24h", "--wait", "3h").then((ended) => {
      done.abort()
      return ended
    })
    let next = 0
    let frozen: number | undefined
    const killing = (async () => {
      while (!done.signal.aborted) {
        await after(10 * second)
        if (done.signal.aborted) return
        // the frozen one is left to thaw
        if (next % workers === frozen) next++
        const index = next++ % workers
        alive[index]?.kill("SIGKILL")
        alive[index] = worker()
        reached.killed++
      }
    })()
    const until = async (share: number) => {
      while (!done.signal.aborted && published(server) < tenants * share) await after(second)
    }
    await until(0.2)
    frozen = (next + 2) % workers
    if (!done.signal.aborted && alive[frozen]?.kill("SIGSTOP") === true) reached.frozen++
    const thawed = after(40 * second).then(() => {
      if (frozen !== undefined) alive[frozen]?.kill("SIGCONT")
      frozen = undefined
    })
    await until(0.4)
    if (!done.signal.aborted) reached["PostgreSQL crashed"]++
    await server.restart()
    await thawed
    const ended = await all
    await killing
    assert.strictEqual(ended.code, 0, `${ended.stdout}\n${ended.stderr}`)
    const runs = postgres.query(
      server,
      `SELECT tenant, count(DISTINCT run_id) AS runs, count(*) AS users FROM duo_mfa.users_snapshots GROUP BY tenant`
    )
    assert.lengthOf(runs, tenants)
    for (const { runs: times, tenant, users: rows } of runs) {
      assert.deepStrictEqual([times, rows], [1, users], String(tenant))
    }
    const [{ n = 0 } = {}] = postgres.query(server, "SELECT count(*) AS n FROM duo_mfa.runs")
    assert.strictEqual(Number(n), tenants)
    return reached
  })
})

export const cases: ReadonlyArray<Case> = [{
  id: "T3",
  fault: "a fleet of N tenants: a worker is killed every ten seconds, one is frozen for forty, and PostgreSQL crashes",
  expected: "every tenant is complete and published once",
  n: { test: 40, torture: 1000 },
  run: ({ n }) => break_(n).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
}]
