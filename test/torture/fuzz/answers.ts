/** S1 to S4: fuzzed answers of Duo, from the text to the rows. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import { HttpClientRequest, HttpClientResponse } from "effect/http"
import * as assert from "node:assert"
import { readText } from "../../../src/duo/http/Body.ts"
import { Dice, mix } from "../../../src/emulator/people/Dice.ts"
import { type Case, Failed, type Plan, type Reached } from "../Case.ts"
import { Refused } from "./cells.ts"
import * as Pages from "./pages.ts"
import { assertFit, assertSame, type Made, makeAll, messageOf, type Read, stamp, through } from "./path.ts"
import { codeRows, pageRows, type Rows } from "./rows.ts"
import { canary } from "./values.ts"

/** One repetition: the objects that were read, and what must be true of the rows made from them. */
export interface Trial {
  readonly reads: ReadonlyArray<Read>
  readonly check: (made: ReadonlyArray<Made>) => Reached
}

/** The number of runs whose rows are made together. */
const batchSize = 3000

/** As `repeat`, for repetitions so fast that SQL statements, or a stack trace for each refusal, would take longer. */
export const often = Effect.fnUntraced(function*(plan: Plan, trialOf: (dice: Dice, seed: number) => Trial) {
  const total: Record<string, number> = {}
  const { stackTraceLimit } = Error
  const attempt = <A>(seed: number, once: () => A): A => {
    Error.stackTraceLimit = 0
    try {
      return once()
    } catch (error) {
      Error.stackTraceLimit = stackTraceLimit
      throw new Failed(seed, String(error))
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
  }
  const last = plan.seed + plan.n
  for (let seed = plan.seed; seed < last;) {
    const trials: Array<readonly [seed: number, trial: Trial]> = []
    for (let reads = 0; seed < last && reads < batchSize; seed++) {
      const trial = attempt(seed, () => trialOf(new Dice(mix(seed, 0xf022)), seed))
      trials.push([seed, trial])
      reads += trial.reads.length
    }
    const made = [...yield* makeAll(trials.flatMap(([_, { reads }]) => reads))]
    for (const [of, { check, reads }] of trials) {
      const reached = attempt(of, () => check(made.splice(0, reads.length)))
      for (const [name, times] of Object.entries(reached)) total[name] = (total[name] ?? 0) + times
    }
  }
  return total
}, Effect.provide(NodeServices.layer))

/** Replaces each half of a surrogate pair by U+FFFD. It does not recurse, because JSON may be deeper than the stack. */
const mend = (answer: object) => {
  const open: Array<object> = [answer]
  for (let of = open.pop(); of !== undefined; of = open.pop()) {
    for (const [name, value] of Object.entries(of)) {
      if (typeof value === "object" && value !== null) open.push(value)
      if (Array.isArray(of) && typeof value !== "string") continue
      Reflect.deleteProperty(of, name)
      const key = Array.isArray(of) ? name : name.toWellFormed()
      const mended: unknown = typeof value === "string" ? value.toWellFormed() : value
      Object.defineProperty(of, key, { value: mended, enumerable: true, configurable: true, writable: true })
    }
  }
}

/** The list in an answer; undefined if the text is not an answer with a list. */
const response = (text: string): unknown => {
  try {
    const answer: unknown = JSON.parse(text)
    if (/\\ud[89a-f]/i.test(text) && typeof answer === "object" && answer !== null) mend(answer)
    const isAnswer = typeof answer === "object" && answer !== null && "stat" in answer && answer.stat === "OK" &&
      "response" in answer
    return isAnswer ? answer.response : undefined
  } catch {
    return undefined
  }
}

/** The rows that the answers must become; undefined if they must be refused. */
const expected = (codes: ReadonlyArray<string>, pages: ReadonlyArray<string>): Rows | undefined => {
  try {
    const known = codes.flatMap((text) => codeRows(stamp, response(text)))
    return pageRows(stamp, pages.map(response), known)
  } catch (error) {
    if (error instanceof Refused) return undefined
    throw error
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The text of bytes; undefined if they are not UTF-8. */
const textOf = (bytes: Buffer): string | undefined => {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

const place = /^response(\[\d+\]|\.[A-Za-z_][\w-]{0,63}|\.\(unusual name\))*$/
const reasons = new Set(["is missing", "has the wrong type", "has an impossible value"])

/** Compares the program's rows with the right ones. The result counts what happened to the answers. */
export const judge = (
  codes: ReadonlyArray<string>,
  pages: ReadonlyArray<string>,
  reached: (verdict: string) => Reached = (verdict) => ({ [verdict]: 1 })
): Trial => {
  const read = through(codes, pages)
  const should = expected(codes, pages)
  if (Result.isFailure(read)) {
    const reason = read.failure
    assert.equal(should, undefined, `it is refused (${JSON.stringify(reason)}) and should not be`)
    if (reason._tag === "UnreadableAnswer") {
      assert.match(reason.where, place)
      assert.ok(reasons.has(reason.why))
    } else if (!("code" in reason)) assert.ok(!messageOf(reason).includes(canary))
    return { reads: [], check: () => reached(`refused: ${reason._tag}`) }
  }
  assert.ok(should, "it is accepted and should not be")
  return {
    reads: [read.success],
    check: ([made]) => {
      assert.ok(made)
      assertFit(made.rows)
      assertSame(made.rows, should)
      assert.ok(made.warnings.length <= 24 && Number.isSafeInteger(made.unknown_values))
      return reached("exact rows")
    }
  }
}

const wholeCodes = (dice: Dice) => dice.chance(20) ? [Pages.codePage(dice)] : []

const fuzzed = (dice: Dice): Trial => {
  const kind = dice.below(100)
  const codes = wholeCodes(dice)
  const { changed, text } = kind < 75 ? Pages.userPage(dice) : Pages.anyJson(dice)
  const reached: Record<string, number> = {}
  for (const change of [...changed, ...codes.flatMap(({ changed }) => changed)]) reached[change] = 1
  const bytes = kind >= 98 ? Pages.noise(dice) : kind % 4 === 0 ? Pages.damaged(dice, Buffer.from(text)) : undefined
  if (bytes !== undefined) reached[kind >= 98 ? "noise" : "damaged bytes"] = 1
  const decoded = bytes === undefined ? text : textOf(bytes)
  const and = (verdict: string) => ({ ...reached, [verdict]: 1 })
  return decoded === undefined
    ? { reads: [], check: () => and("refused: not UTF-8") }
    : judge(codes.map(({ text }) => text), [decoded], and)
}

/** The text of the bytes, after the program has read them as a body in pieces. */
const asBody = Effect.fnUntraced(function*(dice: Dice) {
  const bytes = Pages.damaged(dice, Buffer.from(Pages.userPage(dice).text))
  const pieces: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length;) pieces.push(bytes.subarray(at, at += 1 + dice.below(2000)))
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    }
  })
  const request = HttpClientRequest.get("http://127.0.0.1/")
  const received = yield* Effect.result(
    readText(HttpClientResponse.fromWeb(request, new Response(bytes.length === 0 ? null : body)), 10_000_000)
  )
  assert.equal(Result.getOrUndefined(received), textOf(bytes))
  return { [Result.isSuccess(received) ? "body read" : `body ${received.failure._tag}`]: 1 }
})

export const cases: ReadonlyArray<Case> = [
  {
    id: "S1",
    fault: "fuzzed pages: fields dropped, added, retyped, nested, doubled; bytes flipped, cut, spliced",
    expected: "exactly the right rows, or an expected error that shows no value; never a defect",
    n: { test: 2000, torture: 1_000_000 },
    run: (plan) =>
      Effect.gen(function*() {
        const pages = yield* often(plan, fuzzed)
        const bodies: Record<string, number> = {}
        for (let n = 0; n < Math.min(plan.n / 5, 2000); n++) {
          for (const name of Object.keys(yield* asBody(new Dice(mix(plan.seed + n, 0xb0d7))))) {
            bodies[name] = (bodies[name] ?? 0) + 1
          }
        }
        return { ...pages, ...bodies }
      })
  }
]
