/**
 * The work that no program can avoid: fetching every page of users and bypass codes once, `JSON.parse`, and DuckDB copying
 * existing rows into tables of a file and writing them as Parquet. `floor.ts HOST PARQUET DIRECTORY
 * TABLE...`, where `PARQUET/TABLE/` holds the rows of a table.
 */
import { DuckDBInstance } from "@duckdb/node-api"
import { Schema } from "effect"

const [host = "", parquet = "", directory = "", ...tables] = process.argv.slice(2)

const decode = Schema.decodeUnknownSync(
  Schema.Struct({ metadata: Schema.Struct({ next_offset: Schema.optionalKey(Schema.Int) }) })
)

for (const path of ["/admin/v1/bypass_codes", "/admin/v2/users"]) {
  for (let offset: number | undefined = 0; offset !== undefined;) {
    const response = await fetch(`http://${host}${path}?limit=500&offset=${offset}`)
    if (!response.ok) throw new Error(`${path} answered ${response.status}`)
    const page: unknown = JSON.parse(await response.text())
    offset = decode(page).metadata.next_offset
  }
}

const instance = await DuckDBInstance.create(`${directory}/floor.duckdb`)
const connection = await instance.connect()
for (const table of tables) {
  await connection.run(`CREATE TABLE ${table} AS FROM read_parquet('${parquet}/${table}/**/*.parquet')`)
  await connection.run(`COPY ${table} TO '${directory}/${table}.parquet' (FORMAT parquet, COMPRESSION zstd)`)
}
connection.closeSync()
instance.closeSync()
