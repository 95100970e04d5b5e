/**
 * Objects that Duo may send, with every difference that could matter to the rows. The tests of the SELECTs use them.
 */
import type { NonEmpty } from "../../../src/emulator/people/Dice.ts"
import { flag, id, integer, lastSeen, list, type Make, oneOf, text, time } from "./values.ts"

const capability = oneOf("auto", "push", "sms", "phone", "mobile_otp")
const capabilities = list((dice) => dice.chance(80) ? capability(dice)?.toLowerCase() ?? "" : capability(dice) ?? "", 6)

const phone = (phone_id: Make<string | null>): Make<object> => (dice) => ({
  phone_id: phone_id(dice),
  number: text(dice),
  extension: text(dice),
  name: text(dice),
  type: oneOf("mobile", "landline", "unknown")(dice),
  platform: text(dice),
  model: text(dice),
  activated: flag(dice),
  capabilities: capabilities(dice),
  last_seen: lastSeen(dice),
  sms_passcodes_sent: flag(dice),
  encrypted: text(dice),
  fingerprint: text(dice),
  screenlock: text(dice),
  tampered: text(dice),
  app_version: text(dice),
  os_version: text(dice)
})

const token: Make<object> = (dice) => ({
  token_id: id("DH")(dice),
  serial: text(dice),
  type: oneOf("h6", "h8", "t6", "t8", "yk", "d1")(dice),
  totp_step: integer(dice)
})

const credential = (webauthnkey: Make<string | null>): Make<object> => (dice) => ({
  webauthnkey: webauthnkey(dice),
  credential_name: text(dice),
  label: text(dice),
  date_added: time(dice)
})

const u2fToken: Make<object> = (dice) => ({ registration_id: id("U")(dice), date_added: time(dice) })

/** The ids of desktops. Desktops of the two lists may have the same id. */
const desktop = id("D")
const desktopToken: Make<object> = (dice) => ({
  desktoptoken_id: desktop(dice),
  name: text(dice),
  platform: text(dice),
  type: text(dice)
})
const desktopAuthenticator: Make<object> = (dice) => ({
  dakey: desktop(dice),
  device_name: text(dice),
  duo_desktop_version: text(dice),
  os_family: text(dice)
})

const group: Make<object> = (dice) => ({
  group_id: id("DG")(dice),
  name: text(dice),
  desc: text(dice),
  status: oneOf("active", "active", "active", "bypass", "disabled")(dice)
})

/** A list that is often empty, so that there are users of every strength. */
const maybe = <A>(of: Make<ReadonlyArray<A>>): Make<ReadonlyArray<A>> => (dice) => dice.chance(60) ? [] : of(dice)

const aliasNames: NonEmpty<string> = ["alias1", "alias2", "alias3", "alias4", "alias5", "alias8", "10", "__proto__", ""]

export const user = (user_id: string): Make<object> => (dice) => ({
  user_id,
  username: text(dice),
  aliases: Object.fromEntries(list((dice) => [dice.pick(aliasNames), text(dice)], 4)(dice)),
  alias1: text(dice),
  alias2: text(dice),
  alias3: text(dice),
  alias4: text(dice),
  email: text(dice),
  realname: text(dice),
  firstname: text(dice),
  lastname: text(dice),
  status: oneOf("active", "active", "active", "bypass", "disabled", "locked out", "pending deletion")(dice),
  is_enrolled: flag(dice),
  last_login: time(dice),
  created: time(dice),
  last_directory_sync: time(dice),
  directory_key: text(dice),
  external_id: text(dice),
  notes: text(dice),
  lockout_reason: text(dice),
  groups: list(group)(dice),
  phones: maybe(list(phone(id("DP"))))(dice),
  tokens: maybe(list(token))(dice),
  u2ftokens: maybe(list(u2fToken))(dice),
  webauthncredentials: maybe(list(credential(id("WA"))))(dice),
  desktoptokens: maybe(list(desktopToken))(dice),
  desktop_authenticators: maybe(list(desktopAuthenticator))(dice)
})

/** A bypass code of one of the first so many users, of another user, or of no user. */
export const bypassCode = (bypass_code_id: string, users: number): Make<object> => (dice) => ({
  bypass_code_id,
  admin_email: text(dice),
  created: time(dice),
  expiration: time(dice),
  reuse_count: integer(dice),
  user: dice.chance(10) ? null : { user_id: `DU${dice.below(users + 5)}`, username: text(dice) }
})

const nullable = <A>(of: Make<A>): Make<A | null> => (dice) => dice.chance(25) ? null : of(dice)

export const admin = (admin_id: string): Make<object> => (dice) => ({
  admin_id,
  name: text(dice),
  email: text(dice),
  phone: text(dice),
  role: text(dice),
  status: oneOf("active", "disabled", "expired", "pending activation")(dice),
  last_login: time(dice),
  created: time(dice),
  password_change_required: flag(dice),
  has_external_password_mgmt: flag(dice),
  restricted_by_admin_units: flag(dice),
  admin_units: list((dice) => text(dice) ?? "")(dice),
  hardtoken: nullable(token)(dice),
  phone_details: nullable(maybe(list(phone((dice) => dice.chance(50) ? id("DP")(dice) : text(dice)))))(dice),
  webauthncredentials: nullable(maybe(list(credential((dice) => dice.chance(50) ? id("WA")(dice) : text(dice)))))(dice)
})
