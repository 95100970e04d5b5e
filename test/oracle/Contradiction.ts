/** Finds users for whom Duo's `is_enrolled` and its list of authenticators cannot both be true. */
import type { UserRows } from "./Flatten.ts"

/** Duo counts these as enrolment if they work: https://duo.com/docs/adminapi#retrieve-users. */
const counted = new Set(["phone", "token", "webauthn", "u2f"])

/** The sentence about a user, if the contradiction holds. */
export const contradictionOf = ({ mfa_methods, users: [user] }: UserRows): string | undefined => {
  if (user?.is_enrolled === true && mfa_methods.length === 0) {
    return "is_enrolled is true for a user without any authenticator"
  }
  return user?.is_enrolled === false &&
      mfa_methods.some(({ method_kind, strength }) => counted.has(method_kind) && strength !== "none")
    ? "is_enrolled is false for a user whose authenticator works"
    : undefined
}
