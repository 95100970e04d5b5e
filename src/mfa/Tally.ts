/**
 * What one extraction comes to. Users go in, rows come out, and on the way it counts and notes what it does not know: the
 * facts of the run.
 */
import type { BypassCode } from "../duo/BypassCode.ts"
import type { User } from "../duo/User.ts"
import type { Facts } from "../Outcome.ts"
import type { Batch } from "../Sink.ts"
import type { Stamp } from "../Table.ts"
import { flatten, flattenBypassCode, isUsable, type OwnedCode } from "./Flatten.ts"
import { unknownValues } from "./Known.ts"
import { bypassCodes, mfaMethods, userGroups, users } from "./Tables.ts"
import * as Unknown from "./Unknown.ts"

/** Objects of a list, and the fields that nobody knows. */
export interface Decoded<A> {
  readonly values: ReadonlyArray<A>
  readonly unknownFields: ReadonlyArray<string>
}

/** How a list was read, and whether that proves that it is all there. */
export interface Read {
  readonly doubt: string | null
  /** How many Duo said there are; null if it did not say. */
  readonly total: number | null
  readonly pages: number
  readonly sweeps: number
  readonly duplicates: number
  readonly changed: number
}

/** A code whose user is gone opens nothing, and is about nobody: it has no row. */
const isOwned = (code: BypassCode): code is OwnedCode => code.user !== null

/** What is counted by the source, and not by what goes by. */
export interface Counts {
  readonly requests: number
  readonly retries: number
  /** When the last answer was in, in milliseconds; null if there was none. */
  readonly answeredAt: number | null
  readonly users: Read
  /** Why they are not there, if the key may not read them. */
  readonly bypassCodes: Read | { readonly refused: string }
}

export interface Tally {
  readonly users: (page: Decoded<User>) => Batch
  /** To be told of every code before the first user: a code that works is a reason of a user's bypass. */
  readonly bypassCodes: (page: Decoded<BypassCode>) => Batch
  readonly facts: (counts: Counts) => Facts
}

export const make = (stamp: Stamp): Tally => {
  const withCode = new Set<string>()
  const unknown = Unknown.make()
  let people = 0
  let mfaEnabled = 0
  let methods = 0

  const noteFields = (of: string, fields: ReadonlyArray<string>) => {
    for (const field of fields) unknown.field(`unknown field of a ${of}: ${field}`)
  }

  return {
    users: ({ unknownFields, values }) => {
      noteFields("user", unknownFields)
      const rows = values.map((user) => {
        for (const value of unknownValues(user)) unknown.value(value)
        return flatten(stamp, user, withCode.has(user.user_id))
      })
      const batch = {
        [users.name]: rows.flatMap((_) => _.users),
        [mfaMethods.name]: rows.flatMap((_) => _.mfa_methods),
        [userGroups.name]: rows.flatMap((_) => _.user_groups)
      }
      for (const { users: [user] } of rows) if (user?.mfa_enabled === true) mfaEnabled++
      people += rows.length
      methods += batch[mfaMethods.name]?.length ?? 0
      return batch
    },

    bypassCodes: ({ unknownFields, values }) => {
      noteFields("bypass code", unknownFields)
      const owned = values.filter(isOwned)
      for (const code of values) if (!isOwned(code)) unknown.value("bypass code of nobody, left out")
      for (const code of owned) if (isUsable(stamp, code)) withCode.add(code.user.user_id)
      return { [bypassCodes.name]: owned.map((code) => flattenBypassCode(stamp, code)) }
    },

    facts: ({ answeredAt, bypassCodes: codes, requests, retries, users: list }) => {
      const refused = "refused" in codes ? codes.refused : undefined
      const doubt = list.doubt ?? ("doubt" in codes ? codes.doubt : null)
      const collected = [users, mfaMethods, userGroups, ...refused === undefined ? [bypassCodes] : []]
      const begun = Number(stamp.observed_at / 1000n)
      return {
        // a clock may be set back, and no run ends before it began
        finished_at: new Date(Math.max(begun, answeredAt ?? begun)).toISOString(),
        complete: doubt === null,
        incomplete_reason: doubt,
        total_objects: list.total,
        users: people,
        mfa_enabled: mfaEnabled,
        methods,
        pages: list.pages,
        sweeps: list.sweeps,
        requests,
        retries,
        duplicates: list.duplicates,
        changed: list.changed,
        unknown_values: unknown.count(),
        tables_collected: collected.map((table) => table.name),
        warnings: [...refused === undefined ? [] : [refused], ...unknown.warnings()]
      }
    }
  }
}
