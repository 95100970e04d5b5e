/**
 * Loaded into the program before its own modules: counts its calls of the file system and of DuckDB that change
 * something, kills it at the n-th, and notes what a power cut would leave. By environment:
 *
 * - `TORTURE_KILL=12` kills just before the 12th call, `12 rename` before the 12th of that name
 * - `TORTURE_COUNT=FILE` writes the calls of a run that ended, a line each
 * - `TORTURE_DISK=DIRECTORY` keeps there what has reached the disk (see PowerLoss.ts)
 */
import fs from "node:fs"
import { createRequire, syncBuiltinESMExports } from "node:module"
import { note } from "./PowerLoss.ts"

const { TORTURE_COUNT, TORTURE_DISK, TORTURE_KILL = "" } = process.env
const [nth, only] = TORTURE_KILL.split(" ")
const calls: Array<string> = []
let counted = 0

const count = (name: string) => {
  calls.push(name)
  if (only === undefined || only === name) counted++
  if (counted === Number(nth)) process.kill(process.pid, "SIGKILL")
}

/** Puts a function before another one of an object. */
const before = (object: object, name: string, look: (given: ReadonlyArray<unknown>) => void) => {
  const original: unknown = Reflect.get(object, name)
  if (typeof original !== "function") throw new Error(`there is no ${name}`)
  Reflect.set(object, name, (...given: ReadonlyArray<unknown>) => {
    look(given)
    return Reflect.apply(original, object, given)
  })
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

for (
  const name of [
    "open",
    "write",
    "writeFile",
    "fsync",
    "close",
    "rename",
    "link",
    "mkdir",
    "rm",
    "chmod",
    "copyFile"
  ]
) {
  before(fs, name, () => count(name))
}
syncBuiltinESMExports()

const duckdb: object = createRequire(import.meta.url)("@duckdb/node-bindings")
for (const name of ["open", "connect", "query", "close_sync", "disconnect_sync"]) {
  before(duckdb, name, () => count(`duckdb ${name}`))
}

if (TORTURE_COUNT !== undefined) {
  process.on("exit", () => fs.writeFileSync(TORTURE_COUNT, calls.map((name) => `${name}\n`).join("")))
}
