/** Asks an open ledger: gives a query its values, checks it, prints its answer, and explains why it fails. */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { Plugins } from "../shared/Plugins.ts"
import * as NotExtracted from "./NotExtracted.ts"
import * as NotKnown from "./NotKnown.ts"
import * as OpenLedger from "./OpenLedger.ts"
import * as Parameters from "./Parameters.ts"
import * as QueryOutput from "./QueryOutput.ts"
import type { Question } from "./Question.ts"
import * as Select from "./Select.ts"

/** Opens a ledger, and finds out what its last runs say. */
export const open = Effect.fnUntraced(
  function*(dataDirectory: string, from: "ledger" | "parquet", rights: OpenLedger.Rights = {}) {
    const ledger = yield* OpenLedger.open(dataDirectory, from, rights)
    const pipelines = yield* (yield* Plugins).pipelines
    const runs = yield* ledger.at(NotKnown.lastRuns(ledger.session, pipelines))
    return { ...ledger, pipelines, runs }
  }
)

export type Askable = Effect.Success<ReturnType<typeof open>>

export interface Manner {
  /** The statements that are allowed; the first is what is expected. */
  readonly kinds: ReadonlyArray<Select.StatementKind>
  readonly timeout: Select.QueryTimeout
  readonly output: QueryOutput.Output
}

/** Prints the answer to a question with these values. */
export const ask = Effect.fnUntraced(function*(
  ledger: Askable,
  question: Question,
  values: ReadonlyMap<string, string>,
  { kinds, output, timeout }: Manner
) {
  const { pipelines, runs, session } = ledger
  for (const sentence of NotKnown.namedIn(question.sql, pipelines, runs)) yield* Effect.logWarning(sentence)
  yield* Parameters.find(ledger, question, values)
  for (const [name, value] of values) {
    yield* Effect.orDie(session.run(`SET VARIABLE ${DuckDb.name(name)} = ${DuckDb.literal(value)}`))
  }
  yield* Select.prepare(session, question.sql, kinds).pipe(
    Effect.flatMap((statement) => Select.begin(session, statement)),
    Effect.flatMap((answer) => answer.hasRows ? QueryOutput.print(output)(answer) : answer.next),
    Select.within(timeout),
    Effect.mapError(NotExtracted.explain(pipelines, runs.map(({ pipeline }) => pipeline)))
  )
})
