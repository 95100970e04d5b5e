/** Users for the tests of the rows of `mfa`: written out as Duo would send them, or invented. */
import { assert } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { decodeUsers, type User } from "../../oracle/User.ts"

/** The run that the rows belong to. */
export const stamp = { run_id: "run", observed_at: 1_767_225_600_000_000n, tenant: "api-00000000.duosecurity.com" }

/** The users of a page. */
export const decode = (...users: ReadonlyArray<unknown>): ReadonlyArray<User> =>
  Result.getOrThrow(decodeUsers(users)).values

/** The only user of a page. */
export const one = (user: unknown): User => {
  const [decoded] = decode(user)
  assert(decoded !== undefined)
  return decoded
}

/** A user of the emulator's invented tenants, in which every factor, every status and every kind of empty value occurs. */
export const Somebody = Schema.Struct({
  seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })),
  index: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))
})

/** The user that a seed and a place in the list stand for. */
export const invent = ({ index, seed }: typeof Somebody.Type): User =>
  one(Tenant.make({ people: "hostile", users: index + 1, seed }).user(index))
