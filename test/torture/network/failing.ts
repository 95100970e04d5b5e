/** R3, R4 and R6: Duo fails, for a while or for ever, or refuses requests. */
import { Effect } from "effect"
import type { Fault, Scenario } from "../../../src/emulator/faults/Scenario.ts"
import type { Case } from "../Case.ts"
import { play, quietly, type Row, small } from "./table/Row.ts"
import { forGood, table, times } from "./table/Table.ts"

const failures: ReadonlyArray<readonly [name: string, fault: Fault]> = [
  ["500", { fault: "status", code: 50001 }],
  ["502 of a proxy", { fault: "html", http: 502 }],
  ["503, empty", { fault: "empty", http: 503 }],
  ["504", { fault: "status", code: 50401 }],
  ["500 in a 200", { fault: "fail_200", code: 50001 }]
]

const bursts = table(
  {
    id: "R3",
    fault: "several answers in a row with 500, 502, 503 or 504, even at the last page",
    expected: "at most five retries per page, after random waits that double; then exit 69",
    n: { test: 2, torture: 100 }
  },
  (k, isShort) =>
    failures.flatMap(([name, fault], index): ReadonlyArray<Row> => {
      const rows: ReadonlyArray<Row> = [
        {
          name: `${name}, twice`,
          scenario: times(k, 2, fault),
          expected: { is: "exact", retries: 2, slept: [0, 1.5] }
        },
        {
          name: `${name}, five times`,
          scenario: times(k, 5, fault),
          expected: { is: "exact", retries: 5, slept: [0, 15.5] }
        },
        {
          name: `${name}, for good`,
          scenario: forGood(k, fault),
          expected: {
            is: "refused",
            tag: "ServerError",
            exit: 69,
            strikes: 6,
            slept: [0, 15.5],
            says: /status\.duo\.com/
          }
        }
      ]
      // if few are wanted, each fails twice or five times
      return rows.filter((_, at) => !isShort || at === 2 || at === index % 2)
    })
)

/** Three of four requests fail, so that every page needs three retries. */
const worn: Scenario = Array.from({ length: 100 }, (_, n) => n)
  .filter((n) => n % 4 !== 0)
  .map((n) => ({ when: { request: n }, do: { fault: "status", code: 50301 } }))

const wearing = table(
  {
    id: "R3+",
    fault: "three failures before every page",
    expected: "a run makes at most 60 retries, and one more for every three pages; then exit 69",
    n: { test: 1, torture: 1 }
  },
  () => [{
    name: "three failures a page",
    scenario: worn,
    expected: { is: "refused", tag: "BudgetSpent", exit: 69, strikes: 68, says: /after 67 retries the run gave up/ }
  }],
  { ...small, duo: { users: 100 } }
)

/**
 * A tenant so large that the retries of a small run would not be enough; or a smaller one in which every fifth fails.
 */
const large = { users: 1500, every: 10 }
const smaller = { users: 600, every: 5 }

const cut: Fault = { fault: "truncated", how: "length", keep: 100 }

const lasting: Case = {
  id: "B1",
  fault: "every tenth answer of a large tenant is cut",
  expected: "retries continue as long as pages arrive; the rows are exactly those of a run without faults",
  n: { test: 1, torture: 2 },
  run: ({ n }) =>
    Effect.gen(function*() {
      const { every, users } = n === 1 ? smaller : large
      const struck = Array.from({ length: 200 }, (_, n) => every * n + 1)
      // large pages give the same rows faster
      const quiet = yield* quietly({ duo: { users } })
      return yield* play({ ...quiet, setup: { ...small, duo: { users } }, requests: users }, {
        name: `one answer in ${every}`,
        scenario: struck.map((request) => ({ when: { request }, do: cut })),
        expected: { is: "exact" }
      })
    })
}

interface Refusal {
  readonly name: string
  readonly fault: Fault
  readonly tag: string
  readonly exit: number
  readonly says: RegExp
}

const refusals: ReadonlyArray<Refusal> = [
  {
    name: "401, unknown key",
    fault: { fault: "status", code: 40102, message: "canned" },
    tag: "Unauthorized",
    exit: 77,
    says: /40102 "canned".*DUO_IKEY and DUO_HOST/
  },
  {
    name: "401, key rotated",
    fault: { fault: "key_rotated" },
    tag: "Unauthorized",
    exit: 77,
    says: /40103 "Invalid.*DUO_SKEY/
  },
  {
    name: "403",
    fault: { fault: "status", code: 40301, message: "canned" },
    tag: "Forbidden",
    exit: 77,
    says: /40301 "canned".*Grant read resource/s
  },
  {
    name: "403 in a 200",
    fault: { fault: "fail_200", code: 40301 },
    tag: "Forbidden",
    exit: 77,
    says: /40301/
  },
  {
    name: "400, bad limit",
    fault: { fault: "status", code: 40002, message: "canned", detail: "limit" },
    tag: "BadRequest",
    exit: 77,
    says: /40002 "canned \(limit\)".*--page-size/
  },
  {
    name: "400 without a code",
    fault: { fault: "empty_code" },
    tag: "BadRequest",
    exit: 77,
    says: /HTTP 400 "Invalid request"/
  },
  { name: "404", fault: { fault: "status", code: 40401 }, tag: "NotFound", exit: 77, says: /40401.*DUO_HOST/ },
  {
    name: "404 of somebody else",
    fault: { fault: "html", http: 404 },
    tag: "NotFound",
    exit: 69,
    says: /HTTP 404.*DUO_HOST/
  },
  { name: "405", fault: { fault: "status", code: 40501 }, tag: "MethodNotAllowed", exit: 77, says: /40501/ },
  {
    name: "a code that nobody knows",
    fault: { fault: "status", code: 41801, message: "teapot" },
    tag: "Refused",
    exit: 77,
    says: /41801 "teapot"/
  }
]

/** After a first refusal, the other signature or API version is tried once. If they are set explicitly, it is final. */
const pinned = { DUO_SIGNATURE: "v5-sha512", DUO_API: "v1" }

const refused = table(
  {
    id: "R4",
    fault: "401, 403, 400, 404, 405",
    expected: "no retry; the message has Duo's code and message; exit 77",
    n: { test: 1, torture: 100 }
  },
  (k) =>
    refusals.flatMap(({ exit, fault, name, says, tag }): ReadonlyArray<Row> => [
      { name, scenario: forGood(k, fault), env: pinned, expected: { is: "refused", tag, exit, says, strikes: 1 } },
      { name: `${name}, auto`, scenario: forGood(k, fault), expected: { is: "refused", tag, exit, says } }
    ])
)

const failed = table(
  {
    id: "R6",
    fault: "a 200 with FAIL, or without a stat",
    expected: "the error that belongs to the code, or NotDuo",
    n: { test: 1, torture: 100 }
  },
  (k) => [
    {
      name: "FAIL 40301",
      scenario: forGood(k, { fault: "fail_200", code: 40301 }),
      expected: { is: "refused", tag: "Forbidden", exit: 77, strikes: 1 }
    },
    {
      name: "FAIL 42901 once",
      scenario: times(k, 1, { fault: "fail_200", code: 42901 }),
      expected: { is: "exact", retries: 1, slept: [1, 2] }
    },
    {
      name: "no stat",
      scenario: forGood(k, { fault: "no_stat" }),
      expected: { is: "refused", tag: "NotDuo", exit: 69, strikes: 1 }
    }
  ]
)

export const cases: ReadonlyArray<Case> = [bursts, wearing, lasting, refused, failed]
