/**
 * Loaded into the program before its own modules. It counts the calls to the file system and to DuckDB that can change
 * something, kills the program at the n-th call, and records what a power cut would leave. Environment variables:
 *
 * - `TORTURE_KILL=12` kills just before the 12th call, `12 rename` before the 12th of that name
 * - `TORTURE_COUNT=FILE` writes the calls of a run that ended, a line each
 * - `TORTURE_DISK=DIRECTORY` keeps there what has reached the disk (see PowerLoss.ts)
 */
import fs from "node:fs"
import { createRequire, syncBuiltinESMExports } from "node:module"
import { note } from "../support/PowerLoss.ts"

const { TORTURE_COUNT, TORTURE_DISK, TORTURE_KILL = "" } = process.env
const [nth, only] = TORTURE_KILL.split(" ")
const calls: Array<string> = []
let so = 0

const count = (name: string) => {
  calls.push(name)
  if (only === undefined || only === name) so++
  if (so === Number(nth)) process.kill(process.pid, "SIGKILL")
}

/** The same function, which first calls another. */
const after = (look: (given: ReadonlyArray<unknown>) => void, object: object, name: string) => {
  const original: unknown = Reflect.get(object, name)
  if (typeof original !== "function") throw new Error(`there is no ${name}`)
  return (...given: ReadonlyArray<unknown>) => {
    look(given)
    return Reflect.apply(original, object, given)
  }
}

if (TORTURE_DISK !== undefined) {
  const disk = TORTURE_DISK
  const { fsync } = fs
  const noted = (fd: number, done: fs.NoParamCallback) =>
    fsync(fd, (error) => {
      if (error === null || error === undefined) note(disk, `/proc/self/fd/${fd}`)
      done(error)
    })
  Reflect.set(fs, "fsync", noted)
}

for (const name of ["write", "writeFile", "fsync", "rename", "link", "mkdir", "rm", "chmod", "copyFile"]) {
  Reflect.set(fs, name, after(() => count(name), fs, name))
}
const opening = ([_, flag]: ReadonlyArray<unknown>) => {
  if (flag !== "r") count("open")
}
Reflect.set(fs, "open", after(opening, fs, "open"))
syncBuiltinESMExports()

// functions of a native module cannot be replaced, so importers get another object
const require = createRequire(import.meta.url)
const bindings: object = require("@duckdb/node-bindings")
const changing = ([_, sql]: ReadonlyArray<unknown>) => {
  if (!/^(SET|COMMENT|SELECT)/.test(String(sql))) count("duckdb query")
}
const counted = {
  open: { value: after(() => count("duckdb open"), bindings, "open") },
  query: { value: after(changing, bindings, "query") },
  close_sync: { value: after(() => count("duckdb close"), bindings, "close_sync") }
}
const cached = require.cache[require.resolve("@duckdb/node-bindings")]
if (cached === undefined) throw new Error("DuckDB is not where it was")
cached.exports = Object.create(bindings, counted)

if (TORTURE_COUNT !== undefined) {
  process.on("exit", () => fs.writeFileSync(TORTURE_COUNT, calls.map((name) => `${name}\n`).join("")))
}
