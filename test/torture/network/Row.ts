/** A row of the network's part of the matrix, a fault, where it strikes and what must come of it, and how it is played. */
import { assert } from "@effect/vitest"
import { Effect, Runtime, Schema } from "effect"
import type { Scenario } from "../../../src/emulator/faults/Scenario.ts"
import type { Reached } from "../Case.ts"
import { type Ended, extract, type Rows, type Setup } from "./Extraction.ts"

export type Expected =
  /** Complete, and the very rows of a run that nothing happened to; `retries` and `slept` (seconds) where they are known. */
  | { readonly is: "exact"; readonly retries?: number; readonly slept?: readonly [from: number, to: number] }
  /** Complete and exact, or else it says that and why it is not complete, and has no row that is not true. */
  | { readonly is: "honest" }
  /** Says that and why it is not complete, and has no row that is not true. */
  | { readonly is: "incomplete" }
  /** Ends with one of these tags; `strikes` is how often the fault was met, `says` what the message has to. */
  | {
    readonly is: "refused"
    readonly tag: string | ReadonlyArray<string>
    readonly exit: number
    readonly strikes?: number
    readonly slept?: readonly [from: number, to: number]
    readonly says?: RegExp
  }

export interface Row {
  /** What it is counted under. */
  readonly name: string
  readonly expected: Expected
  readonly scenario?: Scenario
  /** What else is wrong with this Duo; then how to tell that it was met. */
  readonly duo?: Setup["duo"]
  readonly met?: (ended: Ended) => number
  readonly env?: Setup["env"]
  readonly seed?: number
}

/** A tenant in which nothing goes wrong, and what an extraction of it comes to. */
export interface Quiet {
  readonly setup: Setup
  readonly rows: Rows
  readonly requests: number
  /** How many requests for a list of users it takes: what can be struck. */
  readonly lists: number
}

/** Three pages and more, in pages that are quick to make. */
export const small: Setup = { duo: { users: 13 }, pageSize: 5 }

const isList = ({ path }: Ended["duo"]["requests"][number]) => path.endsWith("/users")

const quietOf = Effect.fnUntraced(function*(setup: Setup) {
  const ended = yield* extract(setup)
  assert.strictEqual(ended.error?.message, undefined)
  assert.isTrue(ended.outcome?.complete)
  assert.strictEqual(ended.outcome?.retries, 0)
  const quiet: Quiet = {
    setup,
    rows: ended.rows,
    requests: ended.duo.requests.length,
    lists: ended.duo.requests.filter(isList).length
  }
  return quiet
})

/** That of most cases, made once. */
const quietSmall = Effect.runSync(Effect.cached(quietOf(small)))

export const quietly = (setup: Setup = small) => setup === small ? quietSmall : quietOf(setup)

/** At most so many of the list requests: the first, the last, and others between them. */
export const places = ({ lists }: Quiet, most: number): ReadonlyArray<number> => {
  const count = Math.min(most, lists)
  return count < 2 ? [1] : Array.from({ length: count }, (_, n) => 1 + Math.round(n * (lists - 1) / (count - 1)))
}

const within = (seconds: number, [from, to]: readonly [number, number]) => {
  assert.isAtLeast(seconds, from, "seconds asleep")
  assert.isAtMost(seconds, to, "seconds asleep")
}

/** What must be true of every run, whatever happened to it. */
export const afterwards = ({ duo, error, log, outcome, rows }: Ended) => {
  const told = `${error?.message ?? ""}\n${JSON.stringify(error)}\n${log}\n${outcome?.warnings.join("\n")}`
  assert.isAtMost((error?.message ?? "").split("\n").length, 5)
  for (const secret of [duo.skey, duo.ikey]) assert.notInclude(told, secret)
  assert.isFalse(duo.signatures.areIn(told), "a signature")
  for (let at = 0; at < Math.min(duo.tenant.size(), 50); at++) {
    const { email, user_id } = duo.tenant.user(at)
    for (const personal of [email, user_id]) {
      if (typeof personal === "string" && personal !== "") assert.notInclude(told, personal)
    }
  }
  // the emulator has checked the signature of each: it is of its own date, and that is of its own attempt
  for (const { at, headers } of duo.requests) {
    const age = at - Date.parse(headers["date"] ?? "")
    // on its way a request may see time leap by what the attempt before it slept for
    assert.isTrue(age >= 0 && age < 60_000, `signed ${age} ms before it was sent`)
  }
  for (const lines of Object.values(rows)) {
    assert.strictEqual(new Set(lines).size, lines.length, "a row came twice")
    for (const line of lines) assert.notInclude(line, "\ufffd")
  }
  const ids = (rows["users"] ?? []).map((line) => String(JSON.parse(line).user_id))
  assert.strictEqual(new Set(ids).size, ids.length, "a user came twice")
}

const faultsMet = ({ duo }: Ended) => Object.values(duo.reached).reduce((total, times) => total + times, 0)

const judge = (ended: Ended, quiet: Quiet, expected: Expected) => {
  const { duo, error, outcome, rows, seconds } = ended
  assert.isAtMost(duo.requests.length, quiet.requests + 100, "an endless run")
  if (expected.is === "refused") {
    if (error === undefined) return assert.fail("it went through")
    const tag = "reason" in error && error.reason instanceof Object && "_tag" in error.reason && error.reason._tag
    assert.include([expected.tag].flat(), tag, error.message)
    assert.strictEqual(error[Runtime.errorExitCode], expected.exit)
    if (expected.says !== undefined) assert.match(error.message, expected.says)
    const struck = duo.requests.filter(({ faults }) => faults.length > 0).length
    if (expected.strikes !== undefined) assert.strictEqual(struck, expected.strikes, "strikes")
    if (expected.slept !== undefined) within(seconds, expected.slept)
    return
  }
  if (outcome === undefined) return assert.fail(error?.message)
  if (expected.is === "incomplete") assert.isFalse(outcome.complete)
  if (expected.is === "exact" || outcome.complete) {
    assert.isNull(outcome.incomplete_reason)
    assert.isTrue(outcome.complete)
    assert.deepStrictEqual(rows, quiet.rows)
  } else {
    assert.isNotEmpty(outcome.incomplete_reason)
    for (const [table, lines] of Object.entries(rows)) {
      const known = new Set(quiet.rows[table])
      assert.deepStrictEqual(lines.filter((line) => !known.has(line)), [])
    }
  }
  if (expected.is !== "exact") return
  if (expected.retries !== undefined) {
    assert.strictEqual(outcome.retries, expected.retries, "retries")
    assert.strictEqual(duo.requests.length, quiet.requests + expected.retries, "requests")
  }
  if (expected.slept !== undefined) within(seconds, expected.slept)
}

/** What came of a row that should not have. */
class Misplayed extends Schema.TaggedError<Misplayed>()("Misplayed", { what: Schema.String }) {
  override get message() {
    return this.what
  }
}

/** Plays a row, and says how often its faults were reached. */
export const play = (quiet: Quiet, row: Row) =>
  Effect.gen(function*() {
    const { duo, env, expected, met = faultsMet, name, scenario = [], seed = 1 } = row
    const { setup } = quiet
    const ended = yield* extract({
      ...setup,
      duo: { ...setup.duo, ...duo },
      env: { ...setup.env, ...env },
      scenario,
      seed
    })
    yield* Effect.try({
      try: () => {
        afterwards(ended)
        judge(ended, quiet, expected)
      },
      catch: (cause) => {
        const seen = `${ended.duo.requests.length} requests, ${ended.seconds} s, ${JSON.stringify(ended.duo.reached)}`
        return new Misplayed({ what: `${name}: ${seen}, ${ended.error?.message}: ${String(cause)}` })
      }
    })
    const reached: Reached = { [name]: met(ended) }
    return reached
  })
