/**
 * DuckDB alone: the pages are saved as files, and everything else is SQL, with all threads and all memory. It shows what DuckDB
 * itself can do. `duckdb-alone.ts HOST DIRECTORY`
 */
import { DuckDBInstance } from "@duckdb/node-api"
import { Schema } from "effect"
import { mkdirSync, readFileSync } from "node:fs"
import { writeFile } from "node:fs/promises"

const [host = "", directory = ""] = process.argv.slice(2)

const decode = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Struct({ next_offset: Schema.optionalKey(Schema.Int) }))
)

/** The next offset is at the start of the page, so the page is not parsed. */
const save = async (path: string, folder: string) => {
  mkdirSync(`${directory}/${folder}`)
  for (let offset: number | undefined = 0; offset !== undefined;) {
    const response = await fetch(`http://${host}${path}?limit=500&offset=${offset}`)
    if (!response.ok) throw new Error(`${path} answered ${response.status}`)
    const text = await response.text()
    await writeFile(`${directory}/${folder}/${offset}.json`, text)
    offset = decode(text.slice(text.indexOf("{", 1), text.indexOf("}") + 1)).next_offset
  }
}

await save("/admin/v1/bypass_codes", "bypass_codes")
await save("/admin/v2/users", "users")

const instance = await DuckDBInstance.create(`${directory}/other.duckdb`)
const connection = await instance.connect()
await connection.run("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
await connection.run(`SET VARIABLE directory = '${directory}'`)
await connection.run(readFileSync(`${import.meta.dirname}/duckdb-alone.sql`, "utf8"))
for (const table of ["users", "mfa_methods", "user_groups", "bypass_codes"]) {
  await connection.run(`COPY ${table} TO '${directory}/${table}.parquet' (FORMAT parquet, COMPRESSION zstd)`)
}
connection.closeSync()
instance.closeSync()
