/**
 * A row of the network cases: a fault, the requests that it affects, and the expected result; and a function that tries
 * it.
 */
import { assert } from "@effect/vitest"
import { Effect, Runtime, Schema } from "effect"
import type { Scenario } from "../../../../src/emulator/faults/Scenario.ts"
import type { Reached } from "../../Case.ts"
import { type Ended, extract, type Rows, type Setup } from "./Extraction.ts"

export type Expected =
  /** Complete, with exactly the rows of a run without faults; `retries` and `slept` (seconds) if they are known. */
  | { readonly is: "exact"; readonly retries?: number; readonly slept?: readonly [from: number, to: number] }
  /** Complete and exact; or incomplete with a reason, and without a wrong row. */
  | { readonly is: "honest" }
  /** Incomplete with a reason, and without a wrong row. */
  | { readonly is: "incomplete" }
  /** Ends with one of these tags. `strikes` is how often the fault happened, and the message must match `says`. */
  | {
    readonly is: "refused"
    readonly tag: string | ReadonlyArray<string>
    readonly exit: number
    readonly strikes?: number
    readonly slept?: readonly [from: number, to: number]
    readonly says?: RegExp
  }

export interface Row {
  /** The name under which it is counted. */
  readonly name: string
  readonly expected: Expected
  readonly scenario?: Scenario
  /** Another fault of this Duo, and a function that tells whether it happened. */
  readonly duo?: Setup["duo"]
  readonly met?: (ended: Ended) => number
  readonly env?: Setup["env"]
  readonly seed?: number
}

/** A tenant, and the result of an extraction of it without faults. */
export interface Quiet {
  readonly setup: Setup
  readonly rows: Rows
  readonly requests: number
  /** The number of requests for the list of users. Each of them can have a fault. */
  readonly lists: number
}

/** At least three pages, each fast to make. */
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

/** The tenant of most cases, made once. */
const quietSmall = Effect.runSync(Effect.cached(quietOf(small)))

export const quietly = (setup: Setup = small) => setup === small ? quietSmall : quietOf(setup)

/** At most so many of the requests for the list: the first, the last, and some between them. */
export const places = ({ lists }: Quiet, most: number): ReadonlyArray<number> => {
  const count = Math.min(most, lists)
  return count < 2 ? [1] : Array.from({ length: count }, (_, n) => 1 + Math.round(n * (lists - 1) / (count - 1)))
}

const within = (seconds: number, [from, to]: readonly [number, number]) => {
  assert.isAtLeast(seconds, from, "seconds asleep")
  assert.isAtMost(seconds, to, "seconds asleep")
}

/** Checks what must be true of every run, whatever the fault was. */
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
  // the emulator has checked that each signature fits its date; here, each date must fit its attempt
  for (const { at, headers } of duo.requests) {
    const age = at - Date.parse(headers["date"] ?? "")
    // while a request is on its way, the clock may jump by the sleep before the attempt
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

/** The failure of a row. */
class Misplayed extends Schema.TaggedError<Misplayed>()("Misplayed", { what: Schema.String }) {
  override get message() {
    return this.what
  }
}

/** Tries a row. The result is how often its faults happened. */
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
