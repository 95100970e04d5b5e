/** The authentication log of an emulated tenant: what a request may see of it at a time. */
import { Dice, ids, mix } from "../people/Dice.ts"
import { dumps, type JsonObject } from "../people/PythonJson.ts"
import type { People } from "../people/tables/PeopleTables.ts"
import { tablesOf } from "../people/Tenant.ts"
import * as Days from "./Days.ts"
import { canApprove, loginText, type LoginUser, loginUser, pushEnding } from "./LoginText.ts"

/** An entry: its place in the order, and its JSON text. */
export interface ShownLogin {
  readonly millis: number
  readonly txid: string
  readonly text: string
}

/** A part of the log: milliseconds since 1970, both ends included, and what can be seen of it at `now`. */
export interface LogPart {
  readonly from: number
  readonly to: number
  readonly now: number
}

export interface LoginLog {
  /** How many entries can be seen. */
  readonly count: (part: LogPart) => number
  /** The first entries after a place, oldest first, or newest first. */
  readonly page: (
    part: LogPart,
    options: {
      readonly limit: number
      readonly after: { readonly millis: number; readonly txid: string } | undefined
      readonly isAscending: boolean
    }
  ) => ReadonlyArray<ShownLogin>
}

export interface LogOptions extends Partial<Days.LogShape> {
  readonly seed: number
  /** The users on a day, counted from 1970. */
  readonly users: (day: number) => { readonly size: number; readonly user: (at: number) => JsonObject }
  /** The first day with entries; if not given, all days have some. */
  readonly firstDay?: number | undefined
  /** If not given, plausible. The log of hostile people has the oddities that were seen in recorded logs. */
  readonly people?: People | undefined
}

/** Two thirds of the users log in on working days, some of them twice. */
const usualCount = (users: number, day: number) => {
  const weekday = (day + 4) % 7
  return Math.round(users * (weekday === 0 || weekday === 6 ? 0.1 : 0.9))
}

/** The first place whose time is at least `millis`. */
const placeOf = (times: Float64Array, millis: number) => {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] ?? 0) < millis) low = middle + 1
    else high = middle
  }
  return low
}

export const make = (options: LogOptions): LoginLog => {
  const { firstDay = -Infinity, seed, users } = options
  const shape: Days.LogShape = {
    perDay: (day) => day < firstDay ? 0 : options.perDay?.(day) ?? usualCount(users(day).size, day),
    tiePercent: options.tiePercent ?? 6,
    latePercent: options.latePercent ?? 0.5,
    lateHoursMax: options.lateHoursMax ?? 10,
    isAttacked: options.isAttacked ?? (() => false)
  }
  const tables = tablesOf(options.people)
  const applications = ids(seed, "DI")
  const days = new Map<number, Days.LogDay>()
  const loginUsers = new Map<string, LoginUser>()

  const dayOf = (day: number) => {
    const known = days.get(day)
    if (known !== undefined) return known
    const made = Days.make(seed, day, shape)
    days.set(day, made)
    return made
  }
  const userOf = (day: number, txid: string) =>
    userAt(day, Number.parseInt(txid.slice(txid.lastIndexOf("-") + 1), 16) % users(day).size)
  const userAt = (day: number, place: number) => {
    const key = `${day} ${place}`
    const known = loginUsers.get(key)
    if (known !== undefined) return known
    const made = loginUser(seed, tables, users(day).user(place))
    // a bound for long logs
    if (loginUsers.size > 100_000) loginUsers.clear()
    loginUsers.set(key, made)
    return made
  }

  /** The user who is attacked on a day, found by going on from some place: the first who can approve a push. */
  const attackedOn = (day: number) => {
    const { size } = users(day)
    const from = new Dice(mix(seed, day)).below(size)
    const everyone = Array.from({ length: size }, (_, step) => (from + step) % size)
    const place = everyone.find((place) => canApprove(userAt(day, place)))
    return place === undefined ? undefined : userAt(day, place)
  }

  /** The places of a day that lie in the part, and those among them that cannot be seen yet. */
  const within = ({ late, millis }: Days.LogDay, { from, now, to }: LogPart) => {
    const first = placeOf(millis, from)
    const end = Math.max(first, placeOf(millis, Math.min(to, now - Days.delayMillis) + 1))
    const hidden = late.filter(({ place, visibleAt }) => place >= first && place < end && visibleAt > now)
    return { first, end, hidden: new Set(hidden.map(({ place }) => place)) }
  }

  const daysOf = ({ from, now, to }: LogPart): ReadonlyArray<number> => {
    const [first, last] = [
      Math.max(Math.floor(from / Days.millisOfDay), firstDay),
      Math.floor(Math.min(to, now) / Days.millisOfDay)
    ]
    return first > last ? [] : Array.from({ length: last - first + 1 }, (_, n) => first + n)
  }

  const shown = (day: number, place: number): ShownLogin => {
    const { micros, millis, transactions } = dayOf(day)
    const transaction = transactions[place] ?? 0
    const at = millis[place] ?? 0
    const txid = Days.txid(seed, day, transaction)
    const push = shape.isAttacked(day) ? transaction - shape.perDay(day) : -1
    const attacked = push < 0 ? undefined : attackedOn(day)
    const user = attacked ?? userOf(day, txid)
    const ending = attacked && pushEnding(attacked, push === Days.attackPushes - 1)
    const entry = {
      seed,
      tables,
      applications,
      user,
      ending,
      n: day * 1000 + place,
      millis: at,
      micros: micros[place] ?? 0,
      txid
    }
    return { millis: at, txid, text: loginText(entry) }
  }

  return {
    count: (part) =>
      daysOf(part).reduce((sum, day) => {
        const { end, first, hidden } = within(dayOf(day), part)
        return sum + end - first - hidden.size
      }, 0),
    page: (whole, { after, isAscending, limit }) => {
      const page: Array<ShownLogin> = []
      const part = after === undefined
        ? whole
        : isAscending
        ? { ...whole, from: Math.max(whole.from, after.millis) }
        : { ...whole, to: Math.min(whole.to, after.millis) }
      const ordered = isAscending ? daysOf(part) : daysOf(part).toReversed()
      for (const day of ordered) {
        const found = dayOf(day)
        const { end, first, hidden } = within(found, part)
        for (let step = 0; step < end - first; step++) {
          const place = isAscending ? first + step : end - 1 - step
          if (hidden.has(place)) continue
          if (after !== undefined) {
            const [millis, txid] = [
              found.millis[place] ?? 0,
              () => Days.txid(seed, day, found.transactions[place] ?? 0)
            ]
            const isAfter = isAscending
              ? millis > after.millis || millis === after.millis && txid() > after.txid
              : millis < after.millis || millis === after.millis && txid() < after.txid
            if (!isAfter) continue
          }
          page.push(shown(day, place))
          if (page.length === limit) return page
        }
      }
      return page
    }
  }
}

/** The users of a tenant, as it is when the log is asked. */
export const usersOf = (tenant: { readonly size: () => number; readonly user: (at: number) => JsonObject }) => () => ({
  size: tenant.size(),
  user: tenant.user
})

/** The entries as the value of `response`. `total` is JSON text. */
export const response = (entries: ReadonlyArray<ShownLogin>, total: string, hasMore: boolean): string => {
  const last = entries.at(-1)
  const next = hasMore && last !== undefined ? dumps([String(last.millis), last.txid]) : "null"
  return `{"authlogs": [${entries.map(({ text }) => text).join(", ")}], "metadata": {"next_offset": ${next}` +
    `, "total_objects": ${total}}}`
}
