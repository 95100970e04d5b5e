/**
 * The strength of an authenticator: how well its strongest use resists an attacker. Duo's list of users does not say which
 * factors a policy permits, so an enrolled authenticator is not always a permitted one.
 */

/** From the weakest to the strongest; a strength's rank is its index. */
export const strengths = ["none", "telephony", "otp", "push", "device_bound", "phishing_resistant"] as const
export type Strength = typeof strengths[number]
