/** Other processes that have a DuckDB file open, as analysts do. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"

const script = `
  const { DuckDBInstance } = require("@duckdb/node-api")
  const [file, access_mode] = process.argv.slice(1)
  const lines = require("node:readline").createInterface({ input: process.stdin })
  DuckDBInstance.create(file, { access_mode }).then(async (instance) => {
    const connection = await instance.connect()
    console.log("open")
    for await (const sql of lines) console.log(JSON.stringify((await connection.runAndReadAll(sql)).getRowsJson()))
    process.exit()
  }, (error) => { console.log(error.message.split("\\n")[0]); process.exit() })
`

/**
 * Opens a file in a process of its own, which ends with the scope. `opened` is `open` or DuckDB's error message. `ask`
 * runs a query there, and `leave` ends the process early.
 */
export const open = (file: string, mode: "READ_ONLY" | "READ_WRITE") =>
  Effect.gen(function*() {
    const child = yield* Effect.sync(() =>
      spawn(process.execPath, ["-e", script, file, mode], { stdio: ["pipe", "pipe", "inherit"] })
    )
    const leave = Effect.promise(() =>
      new Promise<void>((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve()
        child.once("exit", () => resolve())
        child.kill()
      })
    )
    yield* Effect.addFinalizer(() => leave)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const line = Effect.promise(async () => String((await lines.next()).value))
    const opened = yield* line
    const ask = (sql: string) => Effect.andThen(Effect.sync(() => child.stdin.write(`${sql}\n`)), line)
    return { pid: child.pid, opened, ask, leave }
  })
