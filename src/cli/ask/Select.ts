/**
 * Checks SQL that somebody else wrote, with DuckDB's own parser, before any of it runs: it must be exactly one SELECT,
 * after the SET VARIABLEs that it needs. It runs in the sandbox of Ledger.ts.
 */
import type { DuckDBPreparedStatement } from "@duckdb/node-api"
import { Duration, Effect, Option, Runtime, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ExitCode } from "../../failure/ExitCode.ts"
import { duration } from "../shared/Duration.ts"

/** The text is not exactly one SELECT. */
export class NotOneSelect extends Schema.TaggedError<NotOneSelect>()("NotOneSelect", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return this.detail
  }
}

/** DuckDB refuses the query; its message may quote the query, and a cell. */
export class BadQuery extends Schema.TaggedError<BadQuery>()("BadQuery", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return this.detail
  }
}

/** The query took longer than it may. */
export class TooSlow extends Schema.TaggedError<TooSlow>()("TooSlow", { after: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.busy
  override get message() {
    return `The query was stopped after ${this.after}, as --timeout says. Give it more time, or ask for less.`
  }
}

/** How long a query may take; without it there is no limit. */
export type QueryTimeout = Option.Option<Duration.Duration>

export const timeout = duration(
  "timeout",
  "Stop a query that takes longer, such as 30s or 5m; default: no limit"
)

/** Stops a query that takes longer than `--timeout`. */
export const within = (timeout: QueryTimeout) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Option.isNone(timeout) ? effect : Effect.timeoutOrElse(effect, {
    duration: timeout.value,
    orElse: () => Effect.fail(new TooSlow({ after: Duration.format(timeout.value) }))
  })

/**
 * Logging and profiling print and write what a query saw, on standard output or in a file, and no setting of DuckDB
 * locks them. So their names may stand nowhere in the text, and neither may a function that runs SQL which is not in
 * the text.
 */
const forbidden = /enable_logging|enable_profil\w*|json_execute_serialized_sql|\bquery\b"?\s*(?=\(|\/\*|--)/i

const outside = "A query can read the ledger, or its Parquet files with --parquet, and nothing else; " +
  "sql --write-files lets a COPY … TO write."

const badQuery = (cause: unknown) => {
  const message = cause instanceof Error ? cause.message : String(cause)
  const detail = message.replace(/^Failed to extract statements: /, "")
  return new BadQuery({
    detail: detail.startsWith("Permission Error") ? `${detail.split("\n", 1)[0]}. ${outside}` : detail
  })
}

/** The kinds of statements that a text may be: a SELECT, with `--write-files` a COPY, at a prompt also a SET VARIABLE. */
export type StatementKind = "SELECT" | "COPY" | "SET"

/** The only statement of a text. If it is of no kind that is allowed, the error says that the first kind was expected. */
export const prepare = Effect.fnUntraced(
  function*(session: DuckDb.Session, text: string, kinds: ReadonlyArray<StatementKind> = ["SELECT"]) {
    const [kind = "SELECT"] = kinds
    const { StatementType } = yield* Effect.orDie(DuckDb.library)
    const asked = <A>(begin: () => Promise<A>) => DuckDb.interruptible(session.connection, begin, badQuery)

    const word = forbidden.exec(text)
    if (word !== null) {
      return yield* new NotOneSelect({ detail: `A query cannot use ${word[0].trim()}: it reaches beyond the answer.` })
    }
    const statements = yield* asked(() => session.connection.extractStatements(text)).pipe(
      Effect.mapError((error) =>
        error.detail.includes("native callback") ? new NotOneSelect({ detail: nothing }) : error
      )
    )
    for (let index = 0; index < statements.count - 1; index++) {
      const statement = yield* asked(() => statements.prepare(index))
      if (kind === "COPY" || statement.statementType !== StatementType.SET) {
        return yield* new NotOneSelect({ detail: several(statements.count, text) })
      }
      yield* asked(() => statement.run())
    }
    const statement = yield* asked(() => statements.prepare(statements.count - 1))
    if (!kinds.some((kind) => statement.statementType === StatementType[kind])) {
      return yield* new NotOneSelect({ detail: wrong(kind, StatementType[statement.statementType]) })
    }
    return statement
  }
)

const nothing = "There is no statement in it. Ask one SELECT."

const several = (count: number, text: string) =>
  /\bpivot\b/i.test(text)
    ? "A PIVOT must name its values, or DuckDB makes several statements of it: PIVOT t ON c IN ('a', 'b')."
    : `A query is one SELECT, after its SET VARIABLEs if it has any; these are ${count} statements. Ask them one by one.`

const wrong = (kind: StatementKind, found: string) =>
  kind === "COPY"
    ? `--write-files is for one COPY … TO, and this is ${found.replaceAll("_", " ")}. Leave --write-files out.`
    : `A query is one SELECT, and this is ${found.replaceAll("_", " ")}.${
      found === "COPY" ? " Add --write-files to write files with COPY … TO." : ""
    }`

/** Starts a statement. Its rows come a chunk at a time, and DuckDB makes no more of them than are asked for. */
export const begin = Effect.fnUntraced(function*({ connection }: DuckDb.Session, statement: DuckDBPreparedStatement) {
  const result = yield* DuckDb.interruptible(connection, () => statement.stream(), badQuery)
  return {
    /** Whether it answers with rows, as a SET VARIABLE does not. */
    hasRows: statement.statementType !== (yield* Effect.orDie(DuckDb.library)).StatementType.SET,
    names: result.deduplicatedColumnNames(),
    /** The next rows; undefined after the last. */
    next: DuckDb.interruptible(connection, () => result.fetchChunk(), badQuery).pipe(
      Effect.map((chunk) => chunk === null || chunk.rowCount === 0 ? undefined : chunk)
    )
  }
})

/** The number of rows of a statement; no cell leaves DuckDB. */
export const count = Effect.fnUntraced(function*(session: DuckDb.Session, statement: DuckDBPreparedStatement) {
  const { next } = yield* begin(session, statement)
  let rows = 0
  for (let chunk = yield* next; chunk !== undefined; chunk = yield* next) rows += chunk.rowCount
  return rows
})
