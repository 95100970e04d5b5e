/** Erases a person from Parquet files: each file that has the person is replaced by one that has all of its other rows. */
import { Effect, Path } from "effect"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import { InputOutput } from "../../src/failure/SinkError.ts"
import * as Files from "../../src/files/Files.ts"
import * as ForgetFiles from "../../src/files/removal/ForgetFiles.ts"
import * as Rewrite from "../../src/files/removal/Rewrite.ts"
import * as ParquetFiles from "../../src/history/ParquetFiles.ts"
import * as ParquetWriter from "../../src/history/ParquetWriter.ts"
import type { Person, PersonRows, Removal } from "../../src/Sink.ts"
import type { Table } from "../../src/Table.ts"

/** SQL for whether a row is about the person. */
const isAbout = ({ tenant, user_id }: Person) =>
  `coalesce(user_id = ${DuckDb.literal(user_id)}${
    tenant === null ? "" : ` AND tenant = ${DuckDb.literal(tenant)}`
  }, false)`

/** The files of a table, each with the tenants in which it has the person, and how many rows. */
const filesWith = Effect.fnUntraced(
  function*(session: DuckDb.Session, root: string, table: Table, person: Person) {
    const folder = DuckDb.path(DuckDb.literal(root))
    const patterns = [`${table.name}/${ParquetFiles.partitionOf(table)}=*/*.parquet`, `current/${table.name}.parquet`]
      .map((pattern) => `${folder} || ${DuckDb.literal(`/${pattern}`)}`)
    const there: Array<string> = []
    for (const pattern of patterns) {
      const [some] = yield* session.all(`SELECT 1 FROM glob(${pattern}) LIMIT 1`)
      if (some !== undefined) there.push(pattern)
    }
    if (there.length === 0) return []
    const rows = yield* session.all(
      `SELECT "file of row", tenant, count(*) FROM read_parquet(
         [${there.join(", ")}], union_by_name = true, filename = 'file of row', ${DuckDb.asStored}
       ) WHERE ${isAbout(person)} GROUP BY ALL ORDER BY ALL`
    )
    return rows.map(([file, tenant, count]) => ({
      file: String(file),
      tenant: String(tenant),
      rows: Number(count)
    }))
  }
)

/** Erases a person from the files of some tables below a directory. */
export const forget = Effect.fnUntraced(function*(
  { compression, root }: { readonly compression: string; readonly root: string },
  tables: ReadonlyArray<Table>,
  person: Person,
  { dryRun, run_id }: Removal & { readonly run_id: string }
) {
  const path = yield* Path.Path
  const session = yield* DuckDb.open({})
  const counts: Array<PersonRows> = []
  for (const table of tables) {
    const found = yield* filesWith(session, root, table, person)
    // `current` has the rows of a snapshot again
    const snapshots = found.filter(({ file }) => path.dirname(file) !== path.join(root, "current"))
    counts.push(...snapshots.map(({ rows, tenant }) => ({ tenant, table: table.name, rows })))
    if (dryRun) continue
    for (const [index, file] of [...new Set(found.map(({ file }) => file))].entries()) {
      const staged = path.join(root, Files.stagedName(`${table.name}.${index}`, run_id))
      yield* ParquetWriter.copySome(session, file, `NOT ${isAbout(person)}`, staged, compression)
      const expected = yield* ParquetWriter.count(session, file, `NOT ${isAbout(person)}`)
      if ((yield* ParquetWriter.count(session, staged, "true")) !== expected) {
        return yield* new InputOutput({ detail: `the copy of ${file} does not have its ${expected} other rows` })
      }
      yield* Rewrite.replace(staged, file)
    }
  }
  return ForgetFiles.sums(counts)
})
