/**
 * Accepted exceptions: `exceptions.csv` in the data directory says who may be at risk, why, and until which day. The last day
 * counts. Whether an exception has expired depends on the last run of the tenant, as everything on the page does.
 */
import { Effect, Runtime, Schema } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import type { Session } from "../duckdb/DuckDb.ts"
import { ExitCode } from "../failure/ExitCode.ts"
import * as Day from "../text/Day.ts"
import * as InputFile from "./InputFile.ts"

/** The file of the exceptions. */
export const fileName = "exceptions.csv"

/** A line of the file cannot be used. */
export class BadExceptions extends Schema.TaggedError<BadExceptions>()("BadExceptions", {
  file: Schema.String,
  line: Schema.Int,
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `${this.file}, line ${this.line}: ${this.detail}. Correct the line, or move the file away.`
  }
}

/** The fields of a line, each with the sentence about a value that it cannot have. */
const fields = [
  ["user", Schema.NonEmptyString, "user is empty; it is the name of a user or Duo's id of one"],
  ["reason", Schema.NonEmptyString, "reason is empty; say why the exception is accepted"],
  [
    "until",
    Schema.String.check(Schema.makeFilter(Day.isDay)),
    "until is not a day such as 2026-12-31, the last day of the exception"
  ]
] as const

const header = fields.map(([name]) => name).join(",")

interface Line {
  readonly line: number
  readonly cells: ReadonlyArray<string>
}

/** A cell, in quotes or not, and what ends it. */
const cell = /[^\S\r\n]*(?:"((?:[^"]|"")*)"[^\S\r\n]*|([^",\r\n]*))(,|\r?\n|$)/y

/** The lines of a CSV file that are not empty; the number of the first line that is malformed instead, if one is. */
const parse = (text: string): ReadonlyArray<Line> | number => {
  const lines: Array<Line> = []
  const pattern = new RegExp(cell)
  let [line, begin, cells] = [1, 1, new Array<string>()]
  while (pattern.lastIndex < text.length || cells.length > 0) {
    const found = pattern.exec(text)
    if (found === null) return line
    const [all, quoted, plain = "", end] = found
    cells.push((quoted?.replaceAll("\"\"", "\"") ?? plain).trim())
    line += all.split("\n").length - 1
    if (end === ",") continue
    if (cells.length > 1 || cells[0] !== "") lines.push({ line: begin, cells })
    begin = line
    cells = []
    if (end === "") break
  }
  return lines
}

/** A line of the file: who is accepted, why, and until which day. */
export interface AcceptedException {
  readonly line: number
  readonly user: string
  readonly reason: string
  readonly until: string
}

/** Reads the exceptions of a data directory; there are none without the file. */
export const read = Effect.fnUntraced(function*(dataDirectory: string) {
  const { file, text } = yield* InputFile.read(dataDirectory, fileName)
  if (text === null) return []
  const fail = (line: number, detail: string) => new BadExceptions({ file, line, detail })
  const lines = parse(text)
  if (typeof lines === "number") return yield* fail(lines, "a quote is not closed, or text follows it")
  const [first, ...others] = lines
  if (first?.cells.join(",").toLowerCase() !== header) {
    return yield* fail(first?.line ?? 1, `the first line must be ${header}`)
  }
  const exceptions: Array<AcceptedException> = []
  for (const { cells, line } of others) {
    if (cells.length !== fields.length) {
      return yield* fail(
        line,
        `it has ${cells.length} fields and must have 3: ${header}. A field with a comma needs quotes`
      )
    }
    const wrong = fields.find(([_, schema], index) => !Schema.is(schema)(cells[index]))
    if (wrong !== undefined) return yield* fail(line, wrong[2])
    const [user = "", reason = "", until = ""] = cells
    exceptions.push({ line, user, reason, until })
  }
  return exceptions
})

/**
 * Makes the table `exceptions`: the users that the file means, by id or by name. If several lines mean a user, the one
 * that ends last counts.
 */
export const prepare = Effect.fnUntraced(function*({ run }: Session, exceptions: ReadonlyArray<AcceptedException>) {
  const values = exceptions.map(({ line, reason, until, user }) =>
    `(${line}, ${DuckDb.literal(user)}, ${DuckDb.literal(reason)}, DATE '${until}')`
  )
  yield* run(`CREATE OR REPLACE TEMP TABLE exception_lines (line BIGINT, "user" VARCHAR, reason VARCHAR, until DATE)`)
  if (values.length > 0) yield* run(`INSERT INTO exception_lines VALUES ${values.join(", ")}`)
  yield* run(
    `CREATE OR REPLACE TEMP TABLE exceptions AS
     WITH meant AS (
       SELECT users.tenant, users.user_id, l.* FROM exception_lines l JOIN users ON users.user_id = l."user"
       UNION
       SELECT users.tenant, users.user_id, l.* FROM exception_lines l JOIN users ON lower(users.username) = lower(l."user")
     ), last AS (
       SELECT tenant, (max(observed_at) AT TIME ZONE 'UTC')::DATE AS day FROM runs WHERE pipeline = 'mfa' GROUP BY tenant
     )
     SELECT tenant, user_id, arg_max(reason, (until, line)) AS accepted_because, max(until) AS until,
       max(until) >= any_value(day) AS is_accepted, date_diff('day', any_value(day), max(until)) AS days_left,
       list(line) AS lines
     FROM meant JOIN last USING (tenant) GROUP BY tenant, user_id`
  )
})

/** The lines that mean no user of any tenant. */
export const linesWithoutUser = ({ all }: Session) =>
  Effect.map(
    all(`SELECT line FROM exception_lines WHERE line NOT IN (SELECT unnest(lines) FROM exceptions) ORDER BY line`),
    (rows) => rows.map(([line]) => Number(line))
  )
