/**
 * Policies: files `NAME.sql` in `policies/` of the data directory, and built-in ones. The first line of a file says
 * what shall be true, and the second how many rows its query may return for all tenants together. Each row is a
 * violation. Two more lines may say how severe a violation is, and which controls of public frameworks the policy
 * answers.
 *
 *     -- No active user is without MFA.
 *     -- At most 0
 *     -- Severity: critical
 *     -- Controls: cis 6.3, pci 8.4.2
 *     SELECT tenant, user_id FROM users WHERE status = 'active' AND NOT mfa_enabled
 */
import { Effect, Runtime, Schema } from "effect"
import type { Session } from "../../../duckdb/DuckDb.ts"
import { ExitCode } from "../../../failure/ExitCode.ts"
import * as Suggestion from "../../../text/Suggestion.ts"
import type { NotKnown } from "../NotKnown.ts"
import * as Queries from "../Queries.ts"
import * as Select from "../Select.ts"
import { controlNames } from "./Frameworks.ts"
import type { Verdict } from "./Verdict.ts"

/** No policy has that name. */
export class NoPolicy extends Schema.TaggedError<NoPolicy>()("NoPolicy", {
  name: Schema.String,
  names: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return Suggestion.unknown("policy", this.name, this.names)
  }
}

export interface Policy {
  readonly name: string
  /** What shall be true. */
  readonly sentence: string
  /** How many violations are allowed; null if the file does not say. */
  readonly atMost: number | null
  /** How severe a violation is; null if the file does not say. */
  readonly severity: string | null
  /** The controls that it answers, such as `cis 6.3`. */
  readonly controls: ReadonlyArray<string>
  readonly sql: string
  readonly isBuiltIn: boolean
}

const header = /^\uFEFF?-- *(\S[^\r\n]*?)\s*\r?\n-- *at most (\d+)\.?[^\S\n]*\r?\n/i

const severities = ["critical", "high", "medium", "low"]

/** A further line of the header, which is directly below the others. */
const further = /^-- *(severity|controls): *(.*?)\s*$/i

const parse = ({ doc, isBuiltIn, name, sql }: Queries.NamedQuery): Policy => {
  const [begin = "", sentence = doc, atMost] = header.exec(sql) ?? []
  const more = new Map<string, string>()
  for (const line of sql.slice(begin.length).split("\n")) {
    const [, key, value = ""] = further.exec(line) ?? []
    if (key === undefined) break
    more.set(key.toLowerCase(), value)
  }
  return {
    name,
    sentence,
    atMost: atMost === undefined ? null : Number(atMost),
    severity: more.get("severity")?.toLowerCase() ?? null,
    controls: more.get("controls")?.split(",").map((control) => control.trim()) ?? [],
    sql,
    isBuiltIn
  }
}

/** The reason why the severity or the controls of a policy cannot be used; undefined if they can. */
const headerProblem = ({ controls, severity }: Policy) => {
  if (severity !== null && !severities.includes(severity)) return `its severity must be one of ${severities.join(", ")}`
  const unknown = controls.find((control) => !controlNames.includes(control))
  return unknown === undefined ? undefined : Suggestion.unknown("control", unknown, controlNames)
}

/** The policies of these names, or all of them if there are no names. */
export const find = Effect.fnUntraced(function*(dataDirectory: string, names: ReadonlyArray<string>) {
  const all = (yield* Queries.all(dataDirectory, "policies")).map(parse)
  const unknown = names.find((name) => !all.some((policy) => policy.name === name))
  if (unknown !== undefined) return yield* new NoPolicy({ name: unknown, names: all.map(({ name }) => name) })
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
})

/**
 * Errors of DuckDB that only quote the query itself, unless it uses a variable. Other errors may quote a cell, which is
 * not for everybody's eyes.
 */
const harmlessErrors = /^(Parser|Binder|Catalog) Error: /

const whyOf = (sql: string, detail: string) =>
  harmlessErrors.test(detail) && !/\bvariable\b/i.test(sql)
    ? detail
    : `DuckDB ends it with ${/^[A-Z][\w ]* Error/.exec(detail)?.[0] ?? "an error"}`

/** The number of rows that the query returns, counted on a connection of its own; no cell leaves DuckDB. */
const count = (session: Session, sql: string, timeout: Select.QueryTimeout, unknown: NotKnown, world: string) =>
  Effect.gen(function*() {
    const own = yield* Effect.orDie(session.another)
    yield* Effect.orDie(own.run(world))
    return yield* Select.count(own, yield* Select.prepare(own, sql))
  }).pipe(
    Effect.scoped,
    Select.within(timeout),
    Effect.mapError((error) =>
      error._tag === "BadQuery" ? unknown.explainError(error.detail) ?? whyOf(sql, error.detail) : error.message
    )
  )

/** The number of violations. Fails if the verdict depends on cells that are not known. */
const violations = Effect.fnUntraced(function*(
  session: Session,
  unknown: NotKnown,
  policy: Policy,
  timeout: Select.QueryTimeout
) {
  const { atMost, sql } = policy
  if (atMost === null) {
    return yield* Effect.fail("its first two lines must be a sentence and a number: -- At most 0")
  }
  const problem = headerProblem(policy)
  if (problem !== undefined) return yield* Effect.fail(problem)
  const [asItIs, ...guessed] = unknown.preparations
  const found = yield* count(session, sql, timeout, unknown, asItIs)
  for (const world of guessed) {
    const guess = yield* count(session, sql, timeout, unknown, world)
    if ((guess > atMost) !== (found > atMost)) return yield* Effect.fail(unknown.why)
  }
  return { found, atMost }
})

const about = ({ atMost, controls, isBuiltIn, name, sentence, severity }: Policy) => ({
  policy: name,
  is_built_in: isBuiltIn,
  at_most: atMost,
  sentence,
  severity,
  controls
})

/** Compares the tenants with a policy. */
export const judge = (
  session: Session,
  unknown: NotKnown,
  policy: Policy,
  timeout: Select.QueryTimeout
): Effect.Effect<Verdict> => {
  const of = about(policy)
  return Effect.match(violations(session, unknown, policy, timeout), {
    onFailure: (why): Verdict => ({ ...of, verdict: "cannot be told", found: null, why }),
    onSuccess: ({ atMost, found }): Verdict => ({
      ...of,
      verdict: found > atMost ? "broken" : "kept",
      found,
      why: null
    })
  })
}

/** The verdict on a policy that is about a pipeline that was not run. */
export const unjudged = (policy: Policy, verdict: "left out" | "cannot be told", why: string): Verdict => ({
  ...about(policy),
  verdict,
  found: null,
  why
})
