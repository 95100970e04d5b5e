/** Coverage over time, of groups and of tenants, is the same in the ledger, over snapshots, and counted in Duo's objects. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { comparable, daysOf, figuresOf, knownOf, type PeopleRun } from "./known-people.ts"
import { lived, lives, Places } from "./people-over-time.ts"

const day = 86_400_000

/** The rows of coverage_by_group_daily. */
const groupsOf = (runs: ReadonlyArray<PeopleRun>) =>
  [...new Set(runs.map(({ tenant }) => tenant))].flatMap((tenant) => {
    const { after, names } = knownOf(runs.filter((run) => run.tenant === tenant))
    return daysOf(after).flatMap(({ day, run: { at, known } }) =>
      [...new Set([...known.groups.values()].flatMap((groups) => [...groups]))].map((group) => {
        const members = [...known.people].filter(([id]) => known.groups.get(id)?.has(group))
        const figures = figuresOf(members.map(([_, person]) => person))
        return [day, tenant, group, names.get(group) ?? null, ...Object.values(figures), at]
      })
    )
  })

const less = (now: number | null | undefined, before: number | null | undefined) =>
  typeof now === "number" && typeof before === "number" ? Math.round(10 * (now - before)) / 10 : null

/** The rows of tenants. */
const tenantsOf = (runs: ReadonlyArray<PeopleRun>) => {
  const newest = new Map(runs.map((run) => [run.tenant, run]))
  const asked = [...newest.values()].filter(({ asksNobody }) => asksNobody !== true)
  const newestDay = Math.max(...asked.map(({ at }) => Math.floor(at / day)))
  return [...newest].map(([tenant, last]) => {
    const own = runs.filter((run) => run.tenant === tenant)
    const onDay = new Map(
      daysOf(knownOf(own).after).map(({ day, run }) => [day, figuresOf([...run.known.people.values()])])
    )
    const [now, before] = [0, 30].map((back) => onDay.get(new Date(last.at - back * day).toISOString().slice(0, 10)))
    return [
      tenant,
      ...Object.values(now ?? {}),
      less(now?.coverage_pct, before?.coverage_pct),
      less(now?.phishing_resistant_pct, before?.phishing_resistant_pct),
      last.people.length,
      last.asksNobody === true,
      last.complete,
      last.complete ? null : "the list would not hold still",
      last.at,
      last.asksNobody === true ? null : newestDay - Math.floor(last.at / day),
      own[0]?.at,
      own.length
    ]
  })
}

const figures =
  `users, mfa_enabled, phishing_resistant, only_telephony, bypass, bypass_at_least, unprotected, coverage_pct,
  phishing_resistant_pct`
const groups =
  `SELECT day::VARCHAR, tenant, group_id, group_name, ${figures}, epoch_ms(known_at) FROM coverage_by_group_daily`
const tenants = `SELECT tenant, ${figures}, coverage_change, phishing_resistant_change, all_users, is_retired, complete,
  incomplete_reason, epoch_ms(last_run_at), days_behind, epoch_ms(first_run_at), runs FROM tenants`
/** The figures of all users, on days with any, and of the group that everybody is in. */
const everybody = [
  `SELECT day, tenant, ${figures}, known_at FROM coverage_daily WHERE EXISTS (
     FROM users_history WHERE users_history.tenant = coverage_daily.tenant AND valid_from <= known_at
     AND coalesce(valid_to > known_at, true))`,
  `SELECT day, tenant, ${figures}, known_at FROM coverage_by_group_daily WHERE group_id = 'DGALL'`
]

layer(Places.layer)("coverage over time", (it) => {
  it.effect.prop(
    "of every group and tenant is what Duo said, and a renamed group has its last name",
    [lives],
    ([runs]) =>
      Effect.gen(function*() {
        const session = yield* lived(runs)
        // the days are those of UTC, wherever somebody asks
        yield* session.run("SET TimeZone = 'Pacific/Auckland'")
        for (const database of ["ledger", "files"]) {
          yield* session.run(`USE ${database}`)
          assert.deepStrictEqual(comparable(yield* session.all(groups)), comparable(groupsOf(runs)), database)
          assert.deepStrictEqual(comparable(yield* session.all(tenants)), comparable(tenantsOf(runs)), database)
          const [all = [], group = []] = yield* Effect.forEach(everybody, session.all)
          assert.deepStrictEqual(group.map(String).sort(), all.map(String).sort(), database)
        }
      }),
    { arbitrary: { runs: 40 }, timeout: 120_000 }
  )
})
