/** A user as in Duo's reference, and what the decoder makes of users. */
import { Result } from "effect"
import { decodeUsers } from "../../oracle/User.ts"

/** A user with every field, as in Duo's reference. */
export const documented = {
  alias1: "joe.smith",
  alias2: "jsmith@example.com",
  alias3: null,
  alias4: null,
  aliases: { alias1: "joe.smith", alias2: "jsmith@example.com", alias8: "eight" },
  created: 1489612729,
  custom_attributes: {},
  desktop_authenticators: [{
    daid: 1,
    dakey: "DDABCDEFGHIJ12345678",
    device_name: "JSMITH-W11",
    duo_desktop_version: "6.1",
    os_family: "windows",
    user: { user_id: "DU3RP9I2WOC59VZX672N" }
  }],
  desktoptokens: [{ desktoptoken_id: "DT1", name: "old", platform: "mac", type: "Desktop Token" }],
  directory_key: "DSNUXN4N7WUR5MUHLCBR",
  email: "jsmith@example.com",
  enable_auto_prompt: true,
  external_id: "1a2b345c-6d7e-8f90-g1h2-345i67j890kl",
  firstname: "Joe",
  groups: [{
    desc: "People with hardware tokens",
    group_id: "DGBDKSSH37KSJ373JKSU",
    mobile_otp_enabled: false,
    name: "token_users",
    push_enabled: false,
    sms_enabled: false,
    status: "Active",
    voice_enabled: false
  }],
  is_enrolled: true,
  last_directory_sync: 1508789163,
  last_login: 1343921403,
  lastname: "Smith",
  lockout_reason: null,
  notes: "",
  phones: [{
    activated: true,
    capabilities: ["auto", "push", "sms", "phone", "mobile_otp"],
    encrypted: "Encrypted",
    extension: "",
    fingerprint: "Configured",
    last_seen: "2019-11-18T15:51:13",
    model: "Apple iPhone 11 Pro",
    name: "My iPhone",
    number: "15555550100",
    phone_id: "DPFZRS9FB0D46QFTM899",
    platform: "Apple iOS",
    postdelay: "0",
    predelay: "0",
    screenlock: "Locked",
    sms_passcodes_sent: false,
    tampered: "Not tampered",
    type: "Mobile"
  }],
  realname: "Joe Smith",
  status: "active",
  tokens: [{ serial: "0", token_id: "DHIZ34ALBA2445ND4AI2", type: "d1", totp_step: null }],
  u2ftokens: [{ date_added: 1444678994, registration_id: "D21RU6X1B1DF5P54B6PV" }],
  user_id: "DU3RP9I2WOC59VZX672N",
  username: "jsmith",
  webauthncredentials: [{
    credential_name: "Touch ID",
    date_added: 1550685154,
    label: "Touch ID",
    webauthnkey: "WABFEOE007ZMV1QAZTRB"
  }]
}

/** One user as a page of its own. */
export const decode = (user: unknown) => decodeUsers([user])

/** The user as it is read; throws if it is refused. */
export const decoded = (user: unknown) => {
  const [value] = Result.getOrThrow(decode(user)).values
  if (value === undefined) throw new Error("no user")
  return value
}

/** The path of the value for which a user is refused, and why; or "accepted". */
export const refused = (user: unknown) => {
  const result = decode(user)
  return Result.isFailure(result) ? `${result.failure.where} ${result.failure.why}` : "accepted"
}

/** The fields of a user that are lists of objects. */
export const lists = [
  "groups",
  "phones",
  "tokens",
  "u2ftokens",
  "webauthncredentials",
  "desktoptokens",
  "desktop_authenticators"
] as const
