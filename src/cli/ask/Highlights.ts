/** The five questions that the demo answers in short, to show what a history is good for. */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import * as CellValue from "../terminal/CellValue.ts"
import * as Format from "../terminal/Format.ts"
import type { Open } from "./OpenLedger.ts"
import * as Queries from "./Queries.ts"

interface DemoQuestion {
  readonly question: string
  /** The name of the query that answers it in full. */
  readonly query: string
  /** A SELECT on `answer`, which has the rows of that query: the part that is shown. */
  readonly short: string
}

const questions: ReadonlyArray<DemoQuestion> = [
  {
    question: "How did coverage move, week by week?",
    query: "coverage",
    short: `SELECT day, coverage_pct, phishing_resistant_pct, only_telephony, unprotected FROM answer
      WHERE date_diff('day', day, (SELECT max(day) FROM answer)) % 7 = 0 ORDER BY day`
  },
  {
    question: "Who has nothing better than text messages and calls?",
    query: "only-telephony",
    short: "SELECT username, realname, last_login_at::DATE AS last_login FROM answer LIMIT 5"
  },
  {
    question: "Who lost their last phishing-resistant method in the last week?",
    query: "regressions",
    short: "SELECT username, lost_by::DATE AS lost_by, was, strongest AS strongest_now FROM answer LIMIT 5"
  },
  {
    question: "Who can log in without any second factor, why, and for how long?",
    query: "bypass",
    short: "SELECT username, bypass_reason, since::DATE AS since, days FROM answer LIMIT 5"
  },
  {
    question: "Who is at risk, and why?",
    query: "at-risk",
    short: "SELECT reason, count(*) AS users FROM answer GROUP BY reason ORDER BY users DESC, reason LIMIT 5"
  }
]

const indented = (text: string) => text.replaceAll(/^(?=.)/gm, "  ")

/** The questions, each with the first rows of its answer and the command for all of them. `command` starts the program. */
export const answers = Effect.fnUntraced(function*(
  dataDirectory: string,
  { at, session: { all, connection } }: Open,
  command: string
) {
  const parts: Array<string> = []
  for (const [n, { query, question, short }] of questions.entries()) {
    // query() takes the SQL as a value, and accepts nothing but one SELECT
    const answer = `(FROM query(${DuckDb.literal((yield* Queries.find(dataDirectory, query)).sql)}))`
    const [[rows] = []] = yield* at(all(`SELECT count(*) FROM ${answer}`))
    const shown = yield* at(
      DuckDb.interruptible(
        connection,
        () => connection.runAndReadAll(`WITH answer AS ${answer} ${short}`),
        DuckDb.reasonOf
      )
    )
    parts.push(
      `${n + 1}. ${question}`,
      "",
      indented(
        Format.lay("table", { names: shown.deduplicatedColumnNames(), rows: shown.getRows().map(CellValue.forTable) })
      ),
      "",
      indented(`${String(rows)} rows in all: ${command} sql @${query}`),
      ""
    )
  }
  return parts.join("\n")
})
