/**
 * The rows and the facts of one extraction of users. The facts are counts, and notes on unknown values and fields.
 */
import { bypassCodes, mfaMethods, userGroups, users } from "../../pipelines/mfa/Tables.ts"
import type { BypassCode } from "../../src/duo/wire/BypassCode.ts"
import type { Facts as RunFacts } from "../../src/Outcome.ts"
import * as Unknown from "../../src/run/Unknown.ts"
import type { Batch, Stamp } from "../../src/Table.ts"
import { contradictionOf } from "./Contradiction.ts"
import * as Facts from "./Facts.ts"
import type { Read, Sent } from "./Facts.ts"
import * as Fields from "./Fields.ts"
import { flatten, flattenBypassCode, isUsable, type OwnedCode } from "./Flatten.ts"
import { unknownValues } from "./Known.ts"
import type { User } from "./User.ts"

/** The objects of a list, and their unknown fields. */
export interface Decoded<A> {
  readonly values: ReadonlyArray<A>
  readonly unknownFields: ReadonlyArray<string>
  /** The places where half of a surrogate pair was replaced by U+FFFD. */
  readonly halves?: ReadonlyArray<string>
}

/** Whether a code has a user. A code whose user was deleted does not work, and has no row. */
const isOwned = (code: BypassCode): code is OwnedCode => code.user !== null

/** The counts that the source gives, because they cannot be counted from the objects. */
export interface Counts extends Sent {
  readonly users: Read
  /** The reason why there are no bypass codes, if the key may not read them. */
  readonly bypassCodes: Read | { readonly refused: string }
}

export interface Tally {
  readonly users: (page: Decoded<User>) => Batch
  /** Takes every code before the first user, because a code that works is a reason of a user's bypass. */
  readonly bypassCodes: (page: Decoded<BypassCode>) => Batch
  readonly facts: (counts: Counts) => RunFacts
}

/** `hasAllCodes`: whether all bypass codes were read, so that a user without one among them has none. */
export const make = (stamp: Stamp, { hasAllCodes }: { readonly hasAllCodes: boolean }): Tally => {
  const withCode = new Set<string>()
  const hasCode = (user_id: string) => withCode.has(user_id) || (hasAllCodes ? false : null)
  const unknown = Unknown.make()
  const contradictions = Unknown.make()
  const fields = Fields.make()
  let mfaEnabled = 0

  const noteFields = (of: string, fields: ReadonlyArray<string>) => {
    for (const field of fields) unknown.value(`unknown field of a ${of}: ${field}`, 1)
  }

  return {
    users: ({ unknownFields, values }) => {
      noteFields("user", unknownFields)
      fields.count(users.name, values)
      const rows = values.map((user) => {
        for (const value of unknownValues(user)) unknown.value(value, 1)
        return flatten(stamp, user, hasCode(user.user_id))
      })
      const batch = {
        [users.name]: rows.flatMap((_) => _.users),
        [mfaMethods.name]: rows.flatMap((_) => _.mfa_methods),
        [userGroups.name]: rows.flatMap((_) => _.user_groups)
      }
      for (const of of rows) {
        const contradiction = contradictionOf(of)
        if (contradiction !== undefined) contradictions.value(contradiction, 1)
        if (of.users[0]?.mfa_enabled === true) mfaEnabled++
      }
      return batch
    },

    bypassCodes: ({ unknownFields, values }) => {
      noteFields("bypass code", unknownFields)
      fields.count(bypassCodes.name, values)
      const owned = values.filter(isOwned)
      for (const code of values) if (!isOwned(code)) unknown.value("bypass code without an owner, left out", 1)
      for (const code of owned) if (isUsable(stamp, code)) withCode.add(code.user.user_id)
      return { [bypassCodes.name]: owned.map((code) => flattenBypassCode(stamp, code)) }
    },

    facts: ({ bypassCodes: codes, users: list, ...sent }) =>
      Facts.make({
        stamp,
        sent,
        lists: "refused" in codes ? [list] : [list, codes],
        collected: [users, mfaMethods, userGroups, ..."refused" in codes ? [] : [bypassCodes]],
        refused: "refused" in codes ? [codes.refused] : [],
        unknown,
        contradictions,
        fields: fields.counted(),
        counts: [{ name: "mfa_enabled", words: "with MFA", count: mfaEnabled }]
      })
  }
}
