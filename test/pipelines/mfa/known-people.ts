/** What is known of a tenant after each run, and its figures, counted in Duo's objects. */
import type { User } from "../../oracle/User.ts"

/** A user as Duo sends it, and whether the user has a bypass code that works; null if the codes were not read. */
export interface Person {
  readonly user: User
  readonly hasCode: boolean | null
}

/** A run of the pipeline mfa over a tenant. */
export interface PeopleRun {
  readonly tenant: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly complete: boolean
  readonly people: ReadonlyArray<Person>
  /** Whether the run asked nobody, as the run does that retires a tenant. */
  readonly asksNobody?: boolean
}

const day = 86_400_000

/** The last run until the end of each day, for all days from the first run to the last. */
export const daysOf = <A extends { readonly at: number }>(runs: ReadonlyArray<A>) => {
  const [first = 0, last = -1] = [...runs.slice(0, 1), ...runs.slice(-1)].map(({ at }) => Math.floor(at / day))
  return Array.from({ length: last - first + 1 }, (_, n) => first + n).flatMap((on) => {
    const run = runs.findLast(({ at }) => at < (on + 1) * day)
    return run === undefined ? [] : [{ day: new Date(on * day).toISOString().slice(0, 10), run }]
  })
}

/** Rows as texts without an order, in which the type of a number makes no difference. */
export const comparable = (rows: ReadonlyArray<ReadonlyArray<unknown>>) =>
  rows.map((row) => JSON.stringify(row, (_, value: unknown) => typeof value === "bigint" ? Number(value) : value))
    .sort()

/** What is known of a tenant after a run. */
export interface Known {
  readonly people: ReadonlyMap<string, Person>
  /** The groups by user. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>
}

/** What is known after each run of a tenant, and the last name of each group. A run that is not complete removes nothing. */
export const knownOf = (runs: ReadonlyArray<PeopleRun>) => {
  const names = new Map<string, string>()
  let now: Known = { people: new Map(), groups: new Map() }
  const after = runs.map(({ at, complete, people }) => {
    const before = complete ? undefined : now
    now = {
      people: new Map([...before?.people ?? [], ...people.map((person) => [person.user.user_id, person] as const)]),
      groups: new Map([
        ...before?.groups ?? [],
        ...people.map(({ user: { groups, user_id } }) =>
          [user_id, new Set([...before?.groups.get(user_id) ?? [], ...groups.map((_) => _.group_id)])] as const
        )
      ])
    }
    for (const { user } of people) {
      for (const { group_id, name } of user.groups) if (name !== null && name !== "") names.set(group_id, name)
    }
    return { at, known: now }
  })
  return { after, names }
}

/** Whether somebody cannot log in. */
export const isOut = ({ groups, status }: User) =>
  ["disabled", "locked out", "pending deletion"].includes(status ?? "") ||
  groups.some(({ status }) => status === "Disabled")

const share = (part: number, all: number) => all === 0 ? null : Math.round(1000 * part / all) / 10

/** The figures of some people, counted in Duo's objects. */
export const figuresOf = (people: ReadonlyArray<Person>) => {
  const active = people.flatMap(({ user }) => user.status === "active" && !isOut(user) ? [user] : [])
  const hasMfa = (user: User) => user.phones.length + user.tokens.length + user.webauthncredentials.length > 0
  const textsOnly = (user: User) =>
    user.phones.some(({ capabilities }) => capabilities.includes("sms")) &&
    user.tokens.length + user.webauthncredentials.length + user.u2ftokens.length === 0
  const protects = (user: User) =>
    user.phones.some(({ capabilities }) => capabilities.length > 0) ||
    user.tokens.length + user.webauthncredentials.length + user.u2ftokens.length > 0
  /** Whether somebody is on bypass and counts; null if it is not known. A user without a status may or may not count. */
  const bypass = people.map(({ hasCode, user }) => {
    if (isOut(user)) return false
    const is = user.status === "bypass" || user.groups.some(({ status }) => status === "Bypass") || hasCode
    if (is === false || user.status === "active" || user.status === "bypass") return is
    return user.status === null ? null : false
  })
  const mfa_enabled = active.filter(hasMfa).length
  const phishing_resistant =
    active.filter((user) => hasMfa(user) && user.webauthncredentials.length + user.u2ftokens.length > 0).length
  return {
    users: active.length,
    mfa_enabled,
    phishing_resistant,
    only_telephony: active.filter(textsOnly).length,
    bypass: bypass.includes(null) ? null : bypass.filter((is) => is === true).length,
    bypass_at_least: bypass.filter((is) => is === true).length,
    unprotected: active.filter((user) => !protects(user)).length,
    coverage_pct: share(mfa_enabled, active.length),
    phishing_resistant_pct: share(phishing_resistant, active.length)
  }
}
