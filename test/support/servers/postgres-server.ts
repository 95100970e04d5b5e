/** A PostgreSQL server for the tests, in a folder that is removed with it, and psql to read from it. */
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as DatabaseTarget from "../../../sinks/postgres/DatabaseTarget.ts"
import { freePort } from "../../../src/http/FreePort.ts"
import type { Row } from "../../../src/Table.ts"
import { others, things } from "../../laws/rows.ts"
import type { Reader, Tree } from "../../laws/sink.ts"
import { rowOf } from "../readers.ts"
import * as certificates from "./certificates.ts"
import { binaries, ofTheMachine } from "./postgres/Installations.ts"

export { binaries } from "./postgres/Installations.ts"

export interface Server {
  /** The directory of its socket. */
  readonly folder: string
  readonly port: number
  /** The path of the certificate `local`, which the server uses for TLS. */
  readonly certificate: string
  /** Ends the server at once, as a crash would, and starts it again at the same port. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
  /** Runs statements with psql as the superuser. The result is its output. */
  readonly psql: (sql: string, database?: string) => string
}

/** PostgreSQL does not run as root. */
const nobody = () => {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout)
  return { uid: id("-u"), gid: id("-g") }
}

/** The rules for connections: every user may connect from this machine, except that `locked` needs a password. */
const access = `local all locked scram-sha-256
local all all trust
host all locked 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
`

/** The password of `locked`. */
export const secret = "s3cret/word"

/**
 * Starts a server. `duo` owns the database `reports`; `locked` may make schemas in it, and `stranger` may do nothing.
 */
export const start = async ({ prepare } = ofTheMachine): Promise<Server> => {
  const folder = mkdtempSync(join(tmpdir(), "duo-mfa-pg-"))
  const bin = prepare(folder)
  const as = nobody()
  const own = (file: string) => as.uid === undefined ? undefined : chownSync(file, as.uid, as.gid)
  own(folder)
  chmodSync(folder, 0o755)
  const env = { PATH: process.env["PATH"], LC_ALL: "C" }
  const data = join(folder, "data")
  const initialised = spawnSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "admin", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"],
    { ...as, env, cwd: folder, encoding: "utf8" }
  )
  if (initialised.status !== 0) throw new Error(initialised.stderr)
  writeFileSync(join(data, "pg_hba.conf"), access)
  for (const [name, text] of [["server.crt", certificates.local], ["server.key", certificates.key]] as const) {
    writeFileSync(join(data, name), `${text}\n`, { mode: 0o600 })
    own(join(data, name))
  }
  const certificate = join(folder, "local.pem")
  writeFileSync(certificate, `${certificates.local}\n`)

  const port = await Effect.runPromise(freePort)
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: folder,
    fsync: "off",
    ssl: "on",
    shared_buffers: "16MB"
  }
  const launch = async () => {
    const child = spawn(
      join(bin, "postgres"),
      ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      { ...as, env, cwd: folder, stdio: ["ignore", "ignore", "pipe"] }
    )
    const quit = () => child.kill("SIGQUIT")
    process.once("exit", quit)
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
    await new Promise<void>((resolve, reject) => {
      let log = ""
      child.stderr.on("data", (data) => {
        log += String(data)
        if (log.includes("ready to accept connections")) resolve()
      })
      void ended.then(() => reject(new Error(log)))
    })
    return async () => {
      process.off("exit", quit)
      quit()
      await ended
    }
  }
  let end = await launch()

  const psql = (sql: string, database = "reports") => {
    const args = ["-XAtq", "-h", folder, "-p", String(port), "-U", "admin", "-d", database, "-v", "ON_ERROR_STOP=1"]
    const { status, stderr, stdout } = spawnSync(join(binaries ?? "", "psql"), args, {
      env: { ...env, PGTZ: "UTC" },
      input: sql,
      encoding: "utf8",
      maxBuffer: 1 << 28
    })
    if (status !== 0) throw new Error(stderr)
    return stdout.trimEnd()
  }
  psql(`CREATE ROLE duo LOGIN; CREATE ROLE locked LOGIN PASSWORD '${secret}'; CREATE ROLE stranger LOGIN`, "postgres")
  psql("CREATE DATABASE reports OWNER duo", "postgres")
  psql("GRANT CREATE ON DATABASE reports TO locked")
  return {
    folder,
    port,
    certificate,
    psql,
    restart: async () => {
      await end()
      end = await launch()
    },
    stop: async () => {
      await end()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** A location that connects through the socket. */
export const locationOf = ({ folder, port }: Server, changes: Partial<DatabaseTarget.DatabaseTarget> = {}) =>
  DatabaseTarget.format({
    host: folder,
    port,
    user: "duo",
    database: "reports",
    schema: "duo_mfa",
    sslmode: "disable",
    sslrootcert: undefined,
    ...changes
  })

/** The rows of a query, read with psql and `JSON.parse`. They come in hexadecimal, because psql omits noncharacters. */
export const query = (server: Server, sql: string): ReadonlyArray<Record<string, unknown>> => {
  const json = `convert_to(coalesce(json_agg(asked), '[]')::text, 'UTF8')`
  const printed = server.psql(`SELECT encode(${json}, 'hex') FROM (${sql}) AS asked`)
  return JSON.parse(Buffer.from(printed, "hex").toString())
}

const schemaOf = (location: string) => /schema=(\w+)/.exec(location)?.[1] ?? ""

/** An instant as our other outputs write it: six decimals of a second if they are not zero, and Z. */
const instant = (text: string) =>
  text.replace(/(?:\.(\d+))?\+00:00$/, (_, digits = "") => `${digits === "" ? "" : `.${digits.padEnd(6, "0")}`}Z`)

/** How docs/postgres.md says that NUL is written. */
const unmarked = (text: string) =>
  text.replaceAll(/(␛*)␀/g, (_, marks: string) => `${"␛".repeat(marks.length >> 1)}${marks.length % 2 ? "␀" : "\0"}`)

/** Reads published rows with psql and `JSON.parse`. */
export const reader = (server: () => Server): Reader => (location, run, { columns, name }) =>
  Effect.sync(() => {
    const schema = schemaOf(location)
    if (server().psql(`SELECT to_regclass('${schema}.${name}_snapshots') IS NULL`) === "t") return []
    const rows = query(server(), `SELECT * FROM ${schema}.${name}_snapshots WHERE run_id = '${run.run_id}'`)
    return rows.map((object): Row => {
      const texts = columns.map((column) => {
        const value = object[column.name]
        if (typeof value !== "string") return [column.name, value]
        return [column.name, column.type === "timestamp" ? instant(value) : unmarked(value)]
      })
      return rowOf(columns, Object.fromEntries(texts))
    })
  })

/** The tables that readers see in a schema, and the staged ones beside it. */
export const tree = (server: () => Server) => (location: string) =>
  Effect.sync((): Tree => {
    const schema = schemaOf(location)
    if (server().psql(`SELECT to_regclass('${schema}.runs') IS NULL`) === "t") return {}
    const ask = (name: string, from: string) =>
      `SELECT ${name} AS name, json_agg(t ORDER BY t.*::text)::text AS content FROM ${from} t GROUP BY 1`
    const parts = [
      ask("'runs/' || run_id", `${schema}.runs`),
      ...[things, others].flatMap(({ name }) => [
        ask(`'current/${name}'`, `${schema}.${name}`),
        ask(`'${name}/' || run_id`, `${schema}.${name}_snapshots`),
        // a version that no run has seen is staged too: nobody can publish it
        ask(
          `'${name}.' || coalesce(run_id, 'nobody') || '.part'`,
          `(SELECT run_id, version.* FROM ${schema}_rows.${name} version
            LEFT JOIN ${schema}_rows.${name}_sightings USING ("version id")
            LEFT JOIN ${schema}_rows.runs ON tenant_number = "tenant number" AND place >= "first place" AND place < "end place"
              AND '${name}' = ANY(string_to_array(tables_collected, ', '))
            WHERE published IS NOT true)`
        )
      ]),
      ask("'runs.' || run_id || '.part'", `(SELECT * FROM ${schema}_rows.runs WHERE NOT published)`)
    ]
    return Object.fromEntries(
      query(server(), parts.join(" UNION ALL ")).map(({ content, name }) => [
        String(name),
        { mode: 0o600, content: String(content) }
      ])
    )
  })
