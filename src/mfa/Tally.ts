/**
 * What one extraction has seen so far. Pages go in, rows come out, and on the way it counts, drops what comes twice and
 * notes what it does not know: the facts of the run.
 */
import type { BypassCode } from "../duo/BypassCode.ts"
import type { User } from "../duo/User.ts"
import type { Facts } from "../Outcome.ts"
import type { Batch } from "../Sink.ts"
import type { Stamp } from "../Table.ts"
import { flatten, flattenBypassCode, isUsable, type OwnedCode } from "./Flatten.ts"
import { unknownValues } from "./Known.ts"
import { bypassCodes, mfaMethods, userGroups, users } from "./Tables.ts"

/** A page of a list, as the pager gives it. */
export interface Page<A> {
  readonly values: ReadonlyArray<A>
  /** How many Duo says there are; null if it does not say. */
  readonly total: number | null
  readonly unknownFields: ReadonlyArray<string>
}

/** A code whose user is gone opens nothing, and is about nobody: it has no row. */
const isOwned = (code: BypassCode): code is OwnedCode => code.user !== null

/** What is counted by the source, and not by what goes by. */
export interface Counts {
  readonly requests: number
  readonly retries: number
  /** When the last answer was in, in milliseconds; null if there was none. */
  readonly answeredAt: number | null
}

export interface Tally {
  readonly users: (page: Page<User>) => Batch
  /** To be told of every code before the first user: a code that works is a reason of a user's bypass. */
  readonly bypassCodes: (page: Page<BypassCode>) => Batch
  /** The key may not read the bypass codes. */
  readonly noBypassCodes: (why: string) => void
  readonly facts: (counts: Counts) => Facts
}

/** The pages of one list, and whether they were all of it. */
const makeList = (what: string) => {
  const seen = new Set<string>()
  let pages = 0
  let duplicates = 0
  let first: number | null = null
  let last: number | null = null
  return {
    seen,
    pages: () => pages,
    duplicates: () => duplicates,
    total: () => last,
    page: (total: number | null) => {
      if (pages++ === 0) first = total
      last = total
    },
    /** Whether it is here for the first time. */
    isNew: (id: string) => {
      if (seen.has(id)) {
        duplicates++
        return false
      }
      seen.add(id)
      return true
    },
    /** Why it cannot be said that these are all there are. Duo tells no number where one page holds everything. */
    doubt: (): string | null =>
      last === null && pages > 1
        ? `Duo did not say how many ${what} there are`
        : first !== last
        ? `the number of ${what} went from ${first} to ${last} while they were read`
        : last !== null && seen.size !== last
        ? `${seen.size} ${what} were seen, and Duo has ${last}`
        : null
  }
}

const mostWarnings = 20

export const make = (stamp: Stamp): Tally => {
  const people = makeList("users")
  const codes = makeList("bypass codes")
  const withCode = new Set<string>()
  const unknown = new Map<string, number>()
  let mfaEnabled = 0
  let methods = 0
  let refused: string | undefined

  const note = (what: string) => unknown.set(what, (unknown.get(what) ?? 0) + 1)
  const noteFields = (of: string, fields: ReadonlyArray<string>) => {
    for (const field of fields) unknown.set(`unknown field of a ${of}: ${field}`, 1)
  }

  return {
    users: ({ total, unknownFields, values }) => {
      people.page(total)
      noteFields("user", unknownFields)
      const rows = values.filter(({ user_id }) => people.isNew(user_id)).map((user) => {
        for (const value of unknownValues(user)) note(value)
        return flatten(stamp, user, withCode.has(user.user_id))
      })
      const batch = {
        [users.name]: rows.flatMap((_) => _.users),
        [mfaMethods.name]: rows.flatMap((_) => _.mfa_methods),
        [userGroups.name]: rows.flatMap((_) => _.user_groups)
      }
      for (const { users: [user] } of rows) if (user?.mfa_enabled === true) mfaEnabled++
      methods += batch[mfaMethods.name]?.length ?? 0
      return batch
    },

    bypassCodes: ({ total, unknownFields, values }) => {
      codes.page(total)
      noteFields("bypass code", unknownFields)
      const found = values.filter(({ bypass_code_id }) => codes.isNew(bypass_code_id))
      const fresh = found.filter(isOwned)
      for (const code of found) if (!isOwned(code)) note("bypass code of nobody, left out")
      for (const code of fresh) if (isUsable(stamp, code)) withCode.add(code.user.user_id)
      return { [bypassCodes.name]: fresh.map((code) => flattenBypassCode(stamp, code)) }
    },

    noBypassCodes: (why) => {
      refused = why
    },

    facts: ({ answeredAt, requests, retries }) => {
      const doubt = people.doubt() ?? (refused === undefined ? codes.doubt() : null)
      const collected = [users, mfaMethods, userGroups, ...refused === undefined ? [bypassCodes] : []]
      const unknowns = [...unknown].map(([what, times]) => times === 1 ? what : `${what} (${times} times)`)
      const begun = Number(stamp.observed_at / 1000n)
      return {
        // a clock may be set back, and no run ends before it began
        finished_at: new Date(Math.max(begun, answeredAt ?? begun)).toISOString(),
        complete: doubt === null,
        incomplete_reason: doubt,
        total_objects: people.total(),
        users: people.seen.size,
        mfa_enabled: mfaEnabled,
        methods,
        pages: people.pages(),
        sweeps: 1,
        requests,
        retries,
        duplicates: people.duplicates(),
        unknown_values: [...unknown.values()].reduce((sum, times) => sum + times, 0),
        tables_collected: collected.map((table) => table.name),
        warnings: [
          ...refused === undefined ? [] : [refused],
          ...unknowns.slice(0, mostWarnings)
        ]
      }
    }
  }
}
