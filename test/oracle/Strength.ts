/** The strengths of methods, for the oracle of the rows. */
import { type Strength, strengths } from "../../pipelines/mfa/Strength.ts"

export { type Strength, strengths }

export const rank = (strength: Strength): number => strengths.indexOf(strength)

const byRank = (a: Strength, b: Strength) => rank(a) - rank(b)

/** The strongest of the methods, `none` without any. */
export const strongest = (methods: ReadonlyArray<Strength>): Strength => methods.toSorted(byRank).at(-1) ?? "none"

/** The weakest of the methods, `none` without any. */
export const weakest = (methods: ReadonlyArray<Strength>): Strength => methods.toSorted(byRank).at(0) ?? "none"

/** The uses of a phone. Push and passcodes need an activated Duo Mobile; texts and calls need nothing. */
export interface PhoneUses {
  readonly can_push: boolean
  readonly can_otp: boolean
  readonly can_sms: boolean
  readonly can_call: boolean
}

/** The uses of a phone from Duo's `capabilities`. `auto` is not a factor: with it Duo chooses one. */
export const phoneUses = (activated: boolean | null, capabilities: ReadonlyArray<string>): PhoneUses => ({
  can_push: activated === true && capabilities.includes("push"),
  can_otp: activated === true && capabilities.includes("mobile_otp"),
  can_sms: capabilities.includes("sms"),
  can_call: capabilities.includes("phone")
})

export const phoneStrength = (uses: PhoneUses): Strength =>
  uses.can_push ? "push" : uses.can_otp ? "otp" : uses.can_sms || uses.can_call ? "telephony" : "none"
