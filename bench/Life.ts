/**
 * Makes the days of a tenant. The first day is extracted, and every later day is a snapshot in Parquet. Each day, half a percent
 * of the users and of the methods change, a thousandth leaves, a thousandth joins, and two thirds log in.
 */
import { Effect, FileSystem } from "effect"
import { globSync, statSync } from "node:fs"
import { join } from "node:path"
import * as LedgerRun from "./LedgerRun.ts"
import * as Pages from "./Pages.ts"
import * as Processes from "./Processes.ts"
import * as Sql from "./Sql.ts"

const oneIn = (column: string, day: number, times: number, which: number) =>
  `hash(${column}, ${day}) % ${times} = ${which}`

/** The cells that differ on the next day, by table. */
const changes: Readonly<Record<string, (day: number, at: string) => string>> = {
  users: (day, at) => `
    CASE WHEN ${oneIn("user_id", day, 200, 2)} THEN CASE status WHEN 'active' THEN 'disabled' ELSE 'active' END
      ELSE status END AS status,
    CASE WHEN NOT ${oneIn("user_id", day, 3, 0)} THEN ${at} - INTERVAL 1 HOUR ELSE last_login_at END AS last_login_at`,
  mfa_methods: (day, at) => `
    CASE WHEN ${oneIn("method_id", day, 200, 2)} THEN '${day}.0' ELSE os_version END AS os_version,
    CASE WHEN NOT ${oneIn("method_id", day, 3, 0)} THEN ${at} - INTERVAL 1 HOUR ELSE last_seen_at END AS last_seen_at`
}

/** The rows of a table on the day after those in `file`. */
const nextDay = (table: string, file: string, run_id: string, day: number, at: string) => {
  const changed = changes[table]?.(day, at)
  const stamped = `'${run_id}' AS run_id, ${at} AS observed_at${changed === undefined ? "" : `, ${changed}`}`
  return `SELECT * REPLACE (${stamped}) FROM read_parquet('${file}', hive_partitioning = false)
      WHERE NOT ${oneIn("user_id", day, 1000, 1)}
    UNION ALL
    SELECT * REPLACE ('${run_id}' AS run_id, ${at} AS observed_at,
      'DU' || upper(substr(md5(user_id || '${day}'), 1, 18)) AS user_id, username || '${day}' AS username)
    FROM read_parquet('${file}', hive_partitioning = false) WHERE ${oneIn("user_id", day, 1000, 3)}`
}

/** A run, and the place of its rows. */
export interface Day {
  readonly day: number
  readonly outcome: LedgerRun.Outcome
  readonly fileOf: (table: string) => string
  readonly megabytes: number
}

/** The bytes of some files together. */
export const megabytes = (files: ReadonlyArray<string>) =>
  files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6

const onDay = (day: number, outcome: LedgerRun.Outcome, fileOf: Day["fileOf"]): Day => ({
  day,
  outcome,
  fileOf,
  megabytes: megabytes(Object.keys(outcome.rows).map(fileOf))
})

/** A tenant on its first day, in a directory of its own, and a function that makes the next day from the day before. */
export const begin = Effect.fnUntraced(function*(users: number) {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
  yield* Effect.scoped(Effect.gen(function*() {
    for (const { tenant } of yield* Pages.serve([users])) {
      yield* Processes.run(Processes.duoMfa(tenant, directory, ["extract", "--sink", "parquet", "--concurrency=4"]))
    }
  }))
  const [manifest = ""] = globSync(`${directory}/runs/*.json`)
  const begun = yield* LedgerRun.outcomeOf(yield* fs.readFileString(manifest))
  const first = onDay(
    1,
    begun,
    (table) => globSync(`${directory}/parquet/${table}/run_date=*/${begun.run_id}.parquet`)[0] ?? ""
  )
  const { run } = yield* Sql.open()

  const next = Effect.fnUntraced(function*(before: Day) {
    const day = before.day + 1
    const observed = new Date(Date.parse(begun.observed_at) + (day - 1) * 86_400_000).toISOString()
    const run_id = `${observed.replace(/[-:.]/g, "")}-00000a`
    const outcome = { ...begun, run_id, observed_at: observed }
    const folder = join(directory, `day-${day}`)
    yield* fs.makeDirectory(folder)
    for (const table of Object.keys(outcome.rows)) {
      const rows = nextDay(table, before.fileOf(table), run_id, day, `'${observed}'::TIMESTAMPTZ`)
      yield* run(
        `COPY (${rows}) TO '${folder}/${table}.parquet'
         (FORMAT parquet, COMPRESSION zstd, KV_METADATA ${LedgerRun.metadata(outcome)})`
      )
    }
    return onDay(day, outcome, (table) => join(folder, `${table}.parquet`))
  })

  /** Removes the files of a day, when its rows are in the ledger. */
  const forget = ({ day }: Day) => fs.remove(join(directory, `day-${day}`), { recursive: true, force: true })

  return { directory, first, next, forget }
})
