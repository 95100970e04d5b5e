/** P2 to P4: Duo's metadata about pages is wrong, or the users exactly fill a page. */
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Runtime } from "effect"
import { TestClock } from "effect/testing"
import type { Fault } from "../../../src/emulator/faults/Scenario.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { type Case, sum } from "../Case.ts"
import { alone, extract, extractIn, serveIn } from "./table/Extraction.ts"
import { afterwards, type Expected, type Row } from "./table/Row.ts"
import { forGood, once, table } from "./table/Table.ts"

const honest: Expected = { is: "honest" }
const exact: Expected = { is: "exact" }
const badPaging = (says: RegExp): Expected => ({ is: "refused", tag: "BadPaging", exit: 65, strikes: 1, says })

const next = (to: (Fault & { readonly fault: "next_offset" })["to"]): Fault => ({ fault: "next_offset", to })

/** If few are wanted, every value is tried once, on one page or on every page. */
const inTurn = <A>(values: ReadonlyArray<A>, isShort: boolean, turn: 0 | 1) =>
  values.filter((_, index) => !isShort || index % 2 === turn)

const offsets: ReadonlyArray<readonly [to: Parameters<typeof next>[0], expected: Expected]> = [
  ["string", exact],
  ["missing", honest],
  ["null", honest],
  ["empty_string", honest],
  ["same", badPaging(/does not go forward/)],
  ["smaller", badPaging(/does not go forward|is not a count/)],
  ["negative", badPaging(/is not a count/)],
  ["float", badPaging(/is not a count/)],
  ["huge", badPaging(/skips more than a page/)]
]

const wrongOffset = table(
  {
    id: "P2",
    fault: "next_offset: missing, null, the same, smaller, negative, text, a fraction, 2^31, empty, a loop",
    expected: "the run stops and says that it is incomplete, or exit 65; it always ends",
    n: { test: 2, torture: 100 }
  },
  (k, isShort) => [
    ...inTurn(offsets, isShort, 0).map(([to, expected]): Row => ({ name: to, scenario: once(k, next(to)), expected })),
    ...k > 1 ? [] : inTurn(offsets, isShort, 1).filter(([to]) => to !== "string").map(([to, expected]): Row => ({
      name: `${to}, on every page`,
      scenario: forGood(1, next(to)),
      expected: expected === honest ? { is: "incomplete" } : expected
    })),
    ...k > 1 ? [] : [
      {
        name: "a loop",
        scenario: forGood(1, next("repeated")),
        expected: { is: "refused", tag: "BadPaging", exit: 65 }
      } as const
    ]
  ]
)

/** Values of `total_objects` as JSON text, and the expected result if all pages have the value. */
const totals: ReadonlyArray<readonly [json: string, always: Expected]> = [
  ["0", { is: "incomplete" }],
  ["1000000000", { is: "incomplete" }],
  ["9007199254740993", { is: "incomplete" }],
  ["-1", { is: "incomplete" }],
  ["1e400", { is: "incomplete" }],
  ["12.5", { is: "incomplete" }],
  ["null", { is: "incomplete" }],
  [`"many"`, { is: "incomplete" }],
  [`{"value": 13}`, { is: "incomplete" }],
  [`"13"`, exact]
]

const wrongTotal = table(
  {
    id: "P3",
    fault: "total_objects: 0, huge, text, changing",
    expected: "every user is read whatever the value; the run is complete only if that is proved",
    n: { test: 2, torture: 100 }
  },
  (k, isShort) => [
    ...inTurn(totals, isShort, 0).map(([json, always]): Row => ({
      name: json,
      scenario: once(k, { fault: "total_objects", json }),
      expected: always === exact ? exact : honest
    })),
    ...k > 1 ? [] : inTurn(totals, isShort, 1).map(([json, expected]): Row => ({
      name: `${json}, on every page`,
      scenario: forGood(1, { fault: "total_objects", json }),
      expected
    })),
    {
      name: "one more from here on",
      scenario: forGood(k, { fault: "total_objects", add: 1 }),
      expected: k === 1 ? { is: "incomplete" } : honest
    },
    { name: "one less once", scenario: once(k, { fault: "total_objects", add: -1 }), expected: honest }
  ]
)

/** Numbers of users that fill a page of each API version exactly, one less and one more. */
const sizes = [["v1", 300], ["v2", 500]] as const

const fitting = Effect.forEach(
  sizes.flatMap(([api, page]) =>
    [...api === "v1" ? [0, 1, page - 1] : [], page, page + 1].map((users) => ({ api, page, users }))
  ),
  Effect.fnUntraced(function*({ api, page, users }) {
    const ended = yield* extract({ duo: { users }, env: { DUO_API: api } })
    afterwards(ended)
    assert.deepInclude(ended.outcome, { total_objects: users, complete: true, incomplete_reason: null })
    assert.strictEqual(ended.rows["users"]?.length, users)
    if (users < page - 1 || users > page) return { [`${api}, ${users} users`]: 1 }
    const silent = yield* extract({
      duo: { users },
      env: { DUO_API: api },
      scenario: [{ when: { path: `/admin/${api}/users` }, do: { fault: "no_metadata" } }]
    })
    afterwards(silent)
    const says = silent.error?.message ?? silent.outcome?.rows["users"]
    if (users < page) assert.strictEqual(says, users)
    else assert.match(String(says), /the first page is full and has no metadata/)
    return { [`${api}, ${users} users`]: 1, "no metadata": silent.duo.reached.no_metadata ?? 0 }
  })
)

/** Checks the runs after users have disappeared. */
const emptied = alone(Effect.gen(function*() {
  const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
  const full = Tenant.make({ people: "hostile", users: 1000 })
  let users = 101
  const world = yield* serveIn({ duo: { tenant: { ...full, size: () => users } } })
  const after = Effect.fnUntraced(function*(now: number, allowEmpty: boolean) {
    users = now
    yield* TestClock.adjust("1 hour")
    const ended = yield* extractIn(world, { folder, allowEmpty })
    afterwards(ended)
    if (ended.error !== undefined) assert.strictEqual(ended.error[Runtime.errorExitCode], 4)
    return ended.error?.message ?? ended.outcome?.rows["users"]
  })
  const emptied = /has no users, and had 101 in the run before\. Nothing changed.*--allow-empty/
  const shrunk = /(\d+) of \1 users are gone since the run before, more than 10 %\. Nothing changed.*--max-shrink 100/
  assert.strictEqual(yield* after(101, false), 101)
  assert.match(String(yield* after(0, false)), emptied)
  assert.match(String(yield* after(0, false)), emptied, "a refused run is no run before")
  assert.match(String(yield* after(90, false)), /11 of 101 users are gone since the run before/)
  assert.strictEqual(yield* after(0, true), 0)
  assert.strictEqual(yield* after(0, false), 0)
  assert.strictEqual(yield* after(100, false), 100)
  assert.match(String(yield* after(0, false)), shrunk)
  assert.strictEqual(yield* after(97, false), 97)
  assert.strictEqual(yield* after(0, true), 0)
  for (const users of [8, 7, 5, 2, 1]) assert.strictEqual(yield* after(users, false), users)
  assert.match(String(yield* after(0, false)), shrunk)
  return { "nobody where there were 101": 2, "nobody where there were fewer": 2, "one of eight": 1 }
}))

const sized: Case = {
  id: "P4",
  fault: "0 users, 1 user, exactly a full page, one less, one more; an emptied tenant, a tenant that shrinks",
  expected:
    "all users, complete; an empty tenant or a loss above the limit is refused with 4 unless allowed; a few may leave",
  n: { test: 1, torture: 1 },
  run: () => Effect.map(Effect.all([Effect.map(fitting, sum), emptied]), sum)
}

export const cases: ReadonlyArray<Case> = [wrongOffset, wrongTotal, sized]
