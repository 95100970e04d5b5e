/** Starts the real program as a user does: in a process of its own, with only the given environment. */
import { DuckDBInstance, DuckDBTimestampTZValue, type DuckDBValue } from "@duckdb/node-api"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, type Scope } from "effect"
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { globSync, readFileSync, statSync } from "node:fs"
import type { Emulator } from "../../../src/emulator/server/Emulator.ts"
import { main } from "./bundle.ts"

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `duo-mfa` in a folder. `entry` has the arguments of Node. */
export const start = (
  cwd: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
  entry: ReadonlyArray<string> = [main.entry]
) => {
  const child = spawn(process.execPath, [...entry, ...args], {
    cwd,
    env: { NODE_COMPILE_CACHE: main.compiled, ...env }
  })
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (data) => stdout += String(data))
  child.stderr.on("data", (data) => stderr += String(data))
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })))
  return { child, ended }
}

/** Runs `duo-mfa` in a folder until it ends. */
export const program = (...given: Parameters<typeof start>) => Effect.promise(() => start(...given).ended)

/** The settings for an emulated tenant. */
export const settings = ({ host, ikey, skey }: Pick<Emulator, "host" | "ikey" | "skey">) => ({
  DUO_HOST: host,
  DUO_IKEY: ikey,
  DUO_SKEY: skey,
  DUO_INSECURE_LOOPBACK: "1"
})

/** All files below a folder with hashes of their contents. A failed run must not change them. */
export const contents = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    globSync("**/*", { cwd: folder, exclude: (name) => name.endsWith(".lock") }).sort()
      .filter((file) => statSync(`${folder}/${file}`).isFile())
      .map((file) => [file, createHash("sha256").update(readFileSync(`${folder}/${file}`)).digest("hex")])
  )

/** Makes a folder for a test. */
export const inFolder = <A, E>(test: (folder: string) => Effect.Effect<A, E, Scope.Scope | FileSystem.FileSystem>) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped()).pipe(
    Effect.flatMap(test),
    Effect.scoped,
    Effect.provide(NodeServices.layer)
  )

/** A value as NDJSON has it: counts as numbers, instants as RFC 3339. */
const plain = (value: DuckDBValue) =>
  typeof value === "bigint"
    ? Number(value)
    : value instanceof DuckDBTimestampTZValue
    ? new Date(Number(value.micros / 1000n)).toISOString().replace(".000Z", "Z")
    : value

/** Runs a query in a DuckDB in memory. */
export const query = (sql: string) =>
  Effect.promise(async () => {
    const instance = await DuckDBInstance.create()
    try {
      const connection = await instance.connect()
      await connection.run("SET TimeZone = 'UTC'")
      return (await connection.runAndReadAll(sql)).getRowObjects().map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))
      )
    } finally {
      instance.closeSync()
    }
  })

export const allSinks = ["duckdb", "parquet", "ndjson", "csv"].flatMap((sink) => ["--sink", sink])
