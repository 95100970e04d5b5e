/** R1 and R2: Duo answers 429, with every form of Retry-After, now and then or for ever. */
import type { Fault, Scenario } from "../../../src/emulator/faults/Scenario.ts"
import type { Case } from "../Case.ts"
import type { Expected, Row } from "./table/Row.ts"
import { small } from "./table/Row.ts"
import { forGood, once, table, times } from "./table/Table.ts"

const exact = (retries: number, from: number, to: number): Expected => ({ is: "exact", retries, slept: [from, to] })

const limit = (how: Omit<Fault & { readonly fault: "rate_limit" }, "fault"> = {}): Fault => ({
  fault: "rate_limit",
  ...how
})

/** Forms of Retry-After, and the seconds that the client waits for each. */
const spellings: ReadonlyArray<readonly [name: string, fault: Fault, from: number, to: number]> = [
  ["without a time", limit(), 1, 2],
  ["7 s", limit({ raw: "7" }), 7, 7],
  ["0 s", limit({ raw: "0" }), 0, 0],
  ["119 s", limit({ raw: "119" }), 119, 119],
  ["121 s, which is too long", limit({ raw: "121" }), 1, 2],
  ["99999 s", limit({ raw: "99999" }), 1, 2],
  ["-1 s", limit({ raw: "-1" }), 1, 2],
  ["garbage", limit({ raw: "soon; 5" }), 1, 2],
  ["5.5 s, which is no spelling", limit({ raw: "5.5" }), 1, 2],
  ["nothing", limit({ raw: "" }), 1, 2],
  ["a date 9 s ahead", limit({ retry_after: "http-date", seconds: 9 }), 8, 9],
  ["a date gone by", limit({ retry_after: "http-date", seconds: -9 }), 0, 0],
  ["a date next year", limit({ retry_after: "http-date", seconds: 31_536_000 }), 1, 2],
  ["X-Retry-After", limit({ retry_after: "x-retry-after", seconds: 3 }), 3, 3]
]

const spelt = table(
  {
    id: "R1",
    fault: "429 without Retry-After and with every form of it",
    expected:
      "the client waits as long as it says, or, if that makes no sense, as Duo's clients do; each retry has a new signature",
    n: { test: 1, torture: 100 }
  },
  (k) => [
    ...spellings.map(([name, fault, from, to]): Row => ({
      name,
      scenario: once(k, fault),
      expected: exact(1, from, to)
    })),
    { name: "without a time, ten times", scenario: times(k, 10, limit()), expected: exact(10, 191, 201) },
    { name: "7 s, ten times", scenario: times(k, 10, limit({ raw: "7" })), expected: exact(10, 205, 215) }
  ]
)

const minutes = 60

/** About nine of ten requests fail for ten minutes. */
const storm = (percent: number, fault: Fault): Scenario => [
  { when: { path: "/admin/*", percent, before: 10 * minutes }, do: fault }
]

/** So many pages that the wait of one page cannot hide the others. */
const larger = { ...small, duo: { users: 40 } }

const storms = table(
  {
    id: "R2",
    fault: "429 to 50 %, 90 % or all requests for ten minutes, or for ever",
    expected: "the run waits and succeeds; if it lasts for ever, exit 75 after 15 minutes of waiting",
    n: { test: 1, torture: 3 }
  },
  (k) => [
    { name: "50 %", scenario: storm(50, limit()), expected: { is: "exact" } },
    { name: "90 %", scenario: storm(90, limit()), expected: { is: "exact" } },
    { name: "50 %, 20 s", scenario: storm(50, limit({ raw: "20" })), expected: { is: "exact" } },
    { name: "90 %, 0 s", scenario: storm(90, limit({ raw: "0" })), expected: { is: "exact" } },
    {
      name: "all for ten minutes",
      scenario: storm(100, limit()),
      expected: { is: "exact", slept: [10 * minutes, 11 * minutes] }
    },
    ...[undefined, "0", "60"].map((raw): Row => ({
      name: `all for ever, ${raw === undefined ? "without a time" : `${raw} s`}`,
      scenario: forGood(k, limit(raw === undefined ? {} : { raw })),
      expected: {
        is: "refused",
        tag: "BudgetSpent",
        exit: 75,
        // a quarter of an hour, and five seconds per page
        slept: [14 * minutes, 16 * minutes + 5 * k],
        says: /after \d+ s of waiting the run gave up.*Run again later/
      }
    }))
  ],
  larger
)

export const cases: ReadonlyArray<Case> = [spelt, storms]
