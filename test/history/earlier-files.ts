/** The files that earlier versions left, put where the program looks for them. They are in `test/formats`. */
import { createHash } from "node:crypto"
import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { zstdDecompressSync } from "node:zlib"

const fixtures = join(import.meta.dirname, "../formats")

/** The tables of these files that have a history. */
export const histories = ["users", "mfa_methods", "user_groups", "bypass_codes", "admins", "admin_methods"]

/** A manifest with another path. A manifest ends with a hash of its text, so the hash is made again. */
const moved = (manifest: string, from: string, to: string) => {
  const [, body = ""] = /^(.*),"sha256":"[0-9a-f]{64}"\}$/s.exec(manifest.replaceAll(from, to)) ?? []
  return `${body},"sha256":"${createHash("sha256").update(`${body}}`).digest("hex")}"}`
}

/** Puts the files of a version into a folder, as if that version had written them there. */
export const unpack = (version: string, folder: string) => {
  const from = join(fixtures, version)
  const data = join(folder, "data")
  cpSync(from, data, { recursive: true })
  rmSync(join(data, "duo.duckdb.zst"))
  writeFileSync(join(data, "duo.duckdb"), zstdDecompressSync(readFileSync(join(from, "duo.duckdb.zst"))))
  for (const name of globSync("runs/*.json", { cwd: data })) {
    const file = join(data, name)
    writeFileSync(file, moved(readFileSync(file, "utf8"), "/srv/duo-mfa", folder))
  }
  const views = join(data, "parquet/views.sql")
  writeFileSync(views, readFileSync(views, "utf8").replaceAll("/srv/duo-mfa", folder))
  for (const name of ["", ...globSync("**/*", { cwd: data })]) {
    const file = join(data, name)
    chmodSync(file, statSync(file).isDirectory() ? 0o700 : 0o600)
  }
  return data
}

/** Puts a ledger of format 1 into a file. */
export const unpackLedger = (file: string) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, zstdDecompressSync(readFileSync(join(fixtures, "1/duo.duckdb.zst"))), { mode: 0o600 })
}
