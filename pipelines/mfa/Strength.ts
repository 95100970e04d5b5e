/**
 * How strong an authenticator is against somebody who wants in, from the best use of it. Enrolled is not the same as
 * permitted: which factors a policy lets a user choose is not in the user list.
 */

/** Weakest first: a strength's rank is its place here. */
export const strengths = ["none", "telephony", "otp", "push", "device_bound", "phishing_resistant"] as const
export type Strength = typeof strengths[number]
