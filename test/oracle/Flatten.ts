/**
 * One Duo user becomes flat rows: one of `users`, one of `mfa_methods` per authenticator, one of `user_groups` per group.
 * Pure: the same user always gives the same rows, whatever else is on the page and in any order of the devices.
 */
import type { bypassCodes, mfaMethods, userGroups, users } from "../../pipelines/mfa/Tables.ts"
import type { BypassCode } from "../../src/duo/wire/BypassCode.ts"
import type { Phone } from "../../src/duo/wire/User.ts"
import type { RowOf, Stamp } from "../../src/Table.ts"
import { byId, emptyAsNull, fromSeconds, joined, ofCredential, ofPhone, ofToken, withoutDetails } from "./Cells.ts"
import * as Strength from "./Strength.ts"
import type { User } from "./User.ts"

type MethodRow = RowOf<typeof mfaMethods>

/** The rows of one user. */
export interface UserRows {
  readonly users: ReadonlyArray<RowOf<typeof users>>
  readonly mfa_methods: ReadonlyArray<MethodRow>
  readonly user_groups: ReadonlyArray<RowOf<typeof userGroups>>
}

interface Method extends Omit<MethodRow, keyof Stamp | "user_id" | "username" | "email" | "realname" | "user_status"> {
  readonly strength: Strength.Strength
}

/** A method without details: Duo says only that it exists. */
const method = (
  method_kind: string,
  method_id: string,
  strength: Strength.Strength,
  details: Partial<Method>
): Method => ({
  method_kind,
  method_id,
  ...withoutDetails,
  strength,
  strength_rank: Strength.rank(strength),
  enrolled_at: null,
  last_seen_at: null,
  app_version: null,
  os_version: null,
  encrypted: null,
  fingerprint: null,
  screenlock: null,
  tampered: null,
  sms_passcodes_sent: null,
  totp_step: null,
  ...details
})

const phoneMethod = (phone_id: string, phone: Phone): Method => {
  const uses = Strength.phoneUses(phone.activated, phone.capabilities)
  return method("phone", phone_id, Strength.phoneStrength(uses), {
    ...ofPhone(phone, uses),
    app_version: emptyAsNull(phone.app_version),
    os_version: emptyAsNull(phone.os_version),
    encrypted: emptyAsNull(phone.encrypted),
    fingerprint: emptyAsNull(phone.fingerprint),
    screenlock: emptyAsNull(phone.screenlock),
    tampered: emptyAsNull(phone.tampered),
    sms_passcodes_sent: phone.sms_passcodes_sent
  })
}

/** Desktops, which Duo lists in two places, are one kind; `method_id` tells them apart. */
const desktopsOf = (user: User): ReadonlyArray<Method> => [
  ...user.desktop_authenticators.map((desktop) =>
    method("desktop", desktop.dakey, "device_bound", {
      name: emptyAsNull(desktop.device_name),
      platform: emptyAsNull(desktop.os_family),
      app_version: emptyAsNull(desktop.duo_desktop_version)
    })
  ),
  ...user.desktoptokens.map((token) =>
    method("desktop", token.desktoptoken_id, "device_bound", {
      method_type: emptyAsNull(token.type),
      name: emptyAsNull(token.name),
      platform: emptyAsNull(token.platform)
    })
  )
]

/** Every authenticator of a user, each once, in a fixed order. */
const methodsOf = (user: User): ReadonlyArray<Method> => [
  ...byId(user.phones, (_) => _.phone_id).map(([id, phone]) => phoneMethod(id, phone)),
  ...byId(user.tokens, (_) => _.token_id).map(([id, token]) => method("token", id, "otp", ofToken(token))),
  ...byId(user.webauthncredentials, (_) => _.webauthnkey).map(([id, credential]) =>
    method("webauthn", id, "phishing_resistant", ofCredential(credential))
  ),
  ...byId(user.u2ftokens, (_) => _.registration_id).map(([id, token]) =>
    method("u2f", id, "phishing_resistant", { enrolled_at: fromSeconds(token.date_added) })
  ),
  ...byId(desktopsOf(user), (_) => _.method_id).map(([_, desktop]) => desktop)
]

/** Duo writes `bypass` for users and `Bypass` for groups. */
const isBypass = (status: string | null) => status?.toLowerCase() === "bypass"

/** The statuses with which a user cannot log in. */
const shutOut = new Set(["disabled", "locked out", "pending deletion"])

/** Whether the status of the user or of a group denies login. Such a status has precedence over every bypass. */
const isShutOut = ({ groups, status }: User) =>
  shutOut.has(status?.toLowerCase() ?? "") || groups.some(({ status }) => status?.toLowerCase() === "disabled")

/** The known reasons of a bypass: the status of the user, the status of a group, a bypass code that works. */
const bypassReason = (user: User, hasBypassCode: boolean | null): string | null =>
  emptyAsNull(
    [
      isBypass(user.status) ? ["status"] : [],
      user.groups.some((group) => isBypass(group.status)) ? ["group"] : [],
      hasBypassCode === true ? ["code"] : []
    ].flat().join(", ")
  )

/** The rows of a user; `hasBypassCode`: whether the user has a bypass code that works, null if it is not known. */
export const flatten = (stamp: Stamp, user: User, hasBypassCode: boolean | null): UserRows => {
  const { user_id } = user
  const username = emptyAsNull(user.username)
  const email = emptyAsNull(user.email)
  const realname = emptyAsNull(user.realname)
  const status = emptyAsNull(user.status)
  const methods = methodsOf(user)
  const groups = byId(user.groups, (_) => _.group_id)
  const strengths = methods.map((_) => _.strength)
  const strongest = Strength.strongest(strengths)
  const isOut = isShutOut(user)
  const bypass_reason = isOut ? null : bypassReason(user, hasBypassCode)
  const count = (kind: string) => methods.filter((_) => _.method_kind === kind).length
  return {
    users: [{
      ...stamp,
      user_id,
      username,
      email,
      realname,
      firstname: emptyAsNull(user.firstname),
      lastname: emptyAsNull(user.lastname),
      status,
      is_enrolled: user.is_enrolled,
      created_at: fromSeconds(user.created),
      last_login_at: fromSeconds(user.last_login),
      last_directory_sync_at: fromSeconds(user.last_directory_sync),
      directory_key: emptyAsNull(user.directory_key),
      external_id: emptyAsNull(user.external_id),
      lockout_reason: emptyAsNull(user.lockout_reason),
      notes: emptyAsNull(user.notes),
      aliases: joined(Object.values(user.aliases)),
      group_names: joined(groups.map(([_, group]) => group.name)),
      phone_count: count("phone"),
      token_count: count("token"),
      webauthn_count: count("webauthn"),
      u2f_count: count("u2f"),
      desktop_count: count("desktop"),
      method_count: methods.length,
      mfa_enabled: user.phones.length > 0 || user.tokens.length > 0 || user.webauthncredentials.length > 0,
      has_phishing_resistant: strongest === "phishing_resistant",
      strongest,
      weakest: Strength.weakest(strengths),
      only_telephony: strongest === "telephony",
      is_bypass: isOut ? false : bypass_reason === null ? hasBypassCode : true,
      bypass_reason,
      is_active: status?.toLowerCase() === "active" && !isOut
    }],
    mfa_methods: methods.map((method) => ({
      ...stamp,
      user_id,
      username,
      email,
      realname,
      user_status: status,
      ...method
    })),
    user_groups: groups.map(([group_id, group]) => ({
      ...stamp,
      user_id,
      username,
      group_id,
      group_name: emptyAsNull(group.name),
      group_status: emptyAsNull(group.status)
    }))
  }
}

/** A bypass code with its user. */
export interface OwnedCode extends BypassCode {
  readonly user: NonNullable<BypassCode["user"]>
}

/** The row of a bypass code. */
export const flattenBypassCode = (stamp: Stamp, code: OwnedCode): RowOf<typeof bypassCodes> => ({
  ...stamp,
  user_id: code.user.user_id,
  username: emptyAsNull(code.user.username),
  bypass_code_id: code.bypass_code_id,
  admin_email: emptyAsNull(code.admin_email),
  created_at: fromSeconds(code.created),
  expires_at: fromSeconds(code.expiration),
  reuse_count: code.reuse_count
})

/** Whether a bypass code works at the instant of the run. */
export const isUsable = (stamp: Stamp, code: BypassCode): boolean => {
  const expires = fromSeconds(code.expiration)
  return expires === null || expires > stamp.observed_at
}
