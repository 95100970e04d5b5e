/** Duo's user, as the oracle of the rows reads it: all aliases are in one object. */
import { Result } from "effect"
import type { Decoded } from "../../src/duo/wire/Decoder.ts"
import { decodeWireUsers, type WireUser } from "../../src/duo/wire/User.ts"
import type { Refusal } from "../../src/duo/wire/Wire.ts"

/** The fields of a user, except the fields for aliases. */
export interface User extends Omit<WireUser, "aliases" | "alias1" | "alias2" | "alias3" | "alias4"> {
  /** By Duo's name, `alias1` to `alias8`: from the flat fields and the object together, without empty ones. */
  readonly aliases: Readonly<Record<string, string>>
}

const toUser = (user: WireUser): User => ({ ...user, aliases: aliasesOf(user) })

const noAliases: User["aliases"] = {}

const aliasesOf = ({ alias1, alias2, alias3, alias4, aliases }: WireUser): User["aliases"] => {
  const all = [...Object.entries({ alias1, alias2, alias3, alias4 }), ...Object.entries(aliases)]
  const given = all.flatMap(([name, alias]) => alias === null || alias === "" ? [] : [[name, alias]])
  return given.length === 0 ? noAliases : Object.fromEntries(given)
}

/** Reads the `response` of a page of users, with the aliases of each in one object. */
export const decodeUsers = (response: unknown): Result.Result<Decoded<User>, Refusal> =>
  Result.map(
    decodeWireUsers(response),
    ({ unknownFields, values }) => ({ values: values.map(toUser), unknownFields })
  )
