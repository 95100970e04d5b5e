/**
 * Keeps "not known" from being read as "no". A policy is run on the data as it is, and again on views in which every
 * unknown cell has its smallest and then its largest possible value. If the verdicts differ, the policy depends on
 * unknown cells. A table that was not collected cannot be read at all.
 */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { historyOf } from "../../history/Versions.ts"
import type { Pipeline } from "../../Pipeline.ts"
import { isSnapshot, type Table } from "../../Table.ts"

/** The last run of a pipeline over a tenant. */
export interface LastRun {
  readonly tenant: string
  readonly pipeline: string
  readonly observed_at: string
  readonly complete: boolean
  /** Tables that the key may not read, so that answers from them would be wrong. */
  readonly not_collected: ReadonlyArray<string>
}

/** The last run of each pipeline over each tenant that is not retired. A retired tenant has a last run without requests. */
export const lastRuns = Effect.fnUntraced(function*({ all }: DuckDb.Session, pipelines: ReadonlyArray<Pipeline>) {
  const rows = yield* all(`
    SELECT tenant, strftime(observed_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ'), complete, pipeline, tables_collected
    FROM (
      FROM runs QUALIFY row_number() OVER (PARTITION BY tenant, pipeline ORDER BY observed_at DESC, run_id DESC) = 1
    ) WHERE requests > 0 OR total_objects > 0 ORDER BY tenant, pipeline`)
  return rows.map(([tenant, observed_at, complete, pipeline, collected]): LastRun => {
    const tables = pipelines.find(({ name }) => name === pipeline)?.tables ?? []
    const there = String(collected).split(", ")
    return {
      tenant: String(tenant),
      pipeline: String(pipeline),
      observed_at: String(observed_at),
      complete: complete === true,
      not_collected: tables.map(({ name }) => name).filter((name) => !there.includes(name))
    }
  })
})

const sentence = ({ tenant }: LastRun, table: string) =>
  `${table} was not collected by the last run of ${tenant}, whose key may not read it`

/** Sentences about names in a query that are not known, for the reader of the answer. */
export const namedIn = (sql: string, pipelines: ReadonlyArray<Pipeline>, runs: ReadonlyArray<LastRun>) => {
  const text = sql.replaceAll(/--.*$/gm, "")
  const names = (name: string) => new RegExp(`\\b${name}(_history|_changes|_asof)?\\b`, "i").test(text)
  return runs.flatMap((run) => {
    const tables = pipelines.find(({ name }) => name === run.pipeline)?.tables ?? []
    return run.not_collected.filter((table) => names(table) || tables.flatMap(uncertainOf).some(names)).map((table) =>
      `${sentence(run, table)}: an answer that stands on it is of an earlier run, or not known.`
    )
  })
}

/** The error of DuckDB when it reads such a table: it has the number of a sentence. */
const marked = /^Invalid Input Error: duo-mfa does not know (\d+)\b/

/** Rows of a table that was not collected are of an earlier run, or none: with them comes one that cannot be read. */
const covered = ({ columns }: Table, history: string, number: number) =>
  `SELECT * FROM ${history} UNION ALL BY NAME
   SELECT ${columns.map(({ name, type }) => `NULL::${DuckDb.types[type]} AS ${DuckDb.name(name)}`).join(", ")}
   FROM range(1) WHERE range = 0 AND error('duo-mfa does not know ${number}') IS NULL`

/**
 * The current cells that are not known as the least or the most that they may be. Of what was, NULL says that it is.
 */
const guessed = ({ columns }: Table, history: string, which: 0 | 1) => {
  const cells = columns.flatMap(({ name, uncertain }) => {
    const column = DuckDb.name(name)
    const guess = `CASE WHEN valid_to IS NULL THEN ${DuckDb.constant(uncertain?.[which])} END`
    return uncertain === null ? [] : [`coalesce(${column}, ${guess}) AS ${column}`]
  })
  return `SELECT * REPLACE (${cells.join(", ")}) FROM ${history}`
}

/** The unknown cells and tables, with SQL that prepares a session for them. */
export interface NotKnown {
  /** SQL that makes views of the data as it is, and views with the smallest and the largest possible values. */
  readonly preparations: readonly [asItIs: string, ...guessed: ReadonlyArray<string>]
  /** Why some cells are not known. */
  readonly why: string
  /** Explains an error of DuckDB, if the query read a table that was not collected; otherwise undefined. */
  readonly explainError: (detail: string) => string | undefined
}

const uncertainOf = ({ columns }: Table) =>
  columns.filter(({ uncertain }) => uncertain !== null).map(({ name }) => name)

const isDoubtful = Effect.fnUntraced(function*({ all }: DuckDb.Session, table: Table) {
  const isNull = uncertainOf(table).map((name) => `${DuckDb.name(name)} IS NULL`)
  if (isNull.length === 0) return false
  const [[found] = []] = yield* all(`SELECT bool_or(${isNull.join(" OR ")}) FROM ${DuckDb.name(table.name)}`)
  return found === true
})

/** Finds what the last runs do not know. With a tenant, the preparations leave only the rows of that tenant. */
export const find = Effect.fnUntraced(
  function*(
    session: DuckDb.Session,
    pipelines: ReadonlyArray<Pipeline>,
    runs: ReadonlyArray<LastRun>,
    tenant?: string
  ) {
    const [[catalog] = []] = yield* session.all("SELECT current_database()")
    const there = yield* session.all(
      "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views()"
    )
    const isThere = (name: string) => there.some(([other]) => other === name)
    const rows = (name: string) => `${DuckDb.name(String(catalog))}.main.${DuckDb.name(name)}`
    const only = (name: string) =>
      tenant === undefined ? rows(name) : `(FROM ${rows(name)} WHERE tenant = ${DuckDb.literal(tenant)})`
    const uncovered = (table: Table) => only(historyOf(table).name)
    const view = (name: string, query: string) => `CREATE OR REPLACE TEMP VIEW ${DuckDb.name(name)} AS ${query};`
    const asView = (table: Table, query: string) => view(historyOf(table).name, query)
    // the views over these names read the temporary ones
    const base = [
      "runs",
      ...pipelines.flatMap(({ tables }) => tables).map((table) =>
        isSnapshot(table) ? historyOf(table).name : table.name
      )
    ]
    const filters = tenant === undefined ? [] : base.filter(isThere).map((name) => view(name, `FROM ${only(name)}`))

    const sentences: Array<string> = []
    const covers: Array<string> = []
    const doubts: Array<Table> = []
    const whys: Array<string> = []
    for (const pipeline of pipelines) {
      const seen = runs.filter((run) => run.pipeline === pipeline.name)
      const tables = pipeline.tables.filter((table) => isThere(historyOf(table).name))
      if (seen.length === 0) continue
      const lacking: Array<string> = []
      for (const table of tables) {
        const run = seen.find(({ not_collected }) => not_collected.includes(table.name))
        if (run === undefined) continue
        lacking.push(sentence(run, table.name))
        covers.push(asView(table, covered(historyOf(table), uncovered(table), sentences.length)))
        sentences.push(sentence(run, table.name))
      }
      for (const table of tables) {
        if (!(yield* isDoubtful(session, table))) continue
        doubts.push(table)
        const cells = uncertainOf(table).map((name) => `${table.name}.${name}`).join(" or ")
        whys.push(
          lacking.length === 0 ? `${cells} is not known of every row` : `${lacking[0]}, and ${cells} depends on it`
        )
      }
    }
    const guesses = ([0, 1] as const).map((which) =>
      doubts.map((table) => asView(table, guessed(historyOf(table), uncovered(table), which)))
    )
    const unknown: NotKnown = {
      preparations: [
        [...filters, ...covers].join("\n"),
        ...doubts.length === 0 ? [] : guesses.map((views) => [...filters, ...covers, ...views].join("\n"))
      ],
      why: whys.join("; "),
      explainError: (detail) => sentences[Number(marked.exec(detail)?.[1])]
    }
    return unknown
  }
)
