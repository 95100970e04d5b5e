/**
 * What of Duo's answers tells nobody who they are about, field by field. Whatever is not named here is hidden, so that a
 * field which nobody knows yet is hidden too.
 */

/** What may be kept of a field's value: a word of an enumeration, a number or a time, a sentence of Duo's, or nothing. */
export type Kind = "word" | "number" | "sentence" | "hidden"

/** An object, or a list of such. */
export interface PublicFields {
  readonly of: ReadonlyMap<string, Kind | PublicFields>
  /** Other names are Duo's words. In what somebody else made up, such as custom attributes, they are hidden. */
  readonly named: boolean
}

const fields = (of: Readonly<Record<string, Kind | PublicFields>>): PublicFields => ({
  of: new Map(Object.entries(of)),
  named: true
})

/** An object that somebody else made up. */
export const unknown: PublicFields = { of: new Map(), named: false }

const aliases: PublicFields = {
  of: new Map(["1", "2", "3", "4", "5", "6", "7", "8"].map((n) => [`alias${n}`, "hidden"])),
  named: false
}

const phones = fields({
  type: "word",
  platform: "word",
  model: "word",
  activated: "word",
  capabilities: "word",
  last_seen: "number",
  sms_passcodes_sent: "word",
  encrypted: "word",
  fingerprint: "word",
  screenlock: "word",
  tampered: "word",
  app_version: "word",
  os_version: "word",
  predelay: "number",
  postdelay: "number"
})
const tokens = fields({ type: "word", totp_step: "number" })

const userFields = {
  status: "word",
  lockout_reason: "word",
  is_enrolled: "word",
  created: "number",
  last_login: "number",
  last_directory_sync: "number",
  aliases,
  custom_attributes: unknown,
  groups: fields({ status: "word" }),
  phones,
  tokens,
  u2ftokens: fields({ date_added: "number" }),
  webauthncredentials: fields({ date_added: "number" }),
  desktoptokens: fields({ platform: "word", type: "word" }),
  desktop_authenticators: fields({ duo_desktop_version: "word", os_family: "word" })
} as const

/**
 * Users, bypass codes, administrators and the time of a ping together: no field of one means anything else in another. An
 * administrator's role may have a name that the customer gave it.
 */
const response = fields({
  ...userFields,
  hardtoken: tokens,
  phone_details: phones,
  password_change_required: "word",
  restricted_by_admin_units: "word",
  has_external_password_mgmt: "word",
  expiration: "number",
  reuse_count: "number",
  user: fields(userFields),
  time: "number"
})

/** A whole answer. */
export const answer = fields({
  stat: "word",
  code: "number",
  message: "sentence",
  message_detail: "sentence",
  metadata: fields({ total_objects: "number", next_offset: "number", prev_offset: "number" }),
  response
})

/** Duo's own, which its stand-in also has. */
const sentences = new Set([
  "Access forbidden",
  "Bad gateway",
  "Bad request timestamp",
  "Duplicate resource",
  "Gateway timeout",
  "Internal server error",
  "Invalid integration key in request credentials",
  "Invalid request parameters",
  "Invalid signature in request credentials",
  "Method not allowed",
  "Missing request credentials",
  "Missing request timestamp",
  "Missing required request parameters",
  "Resource not found",
  "Service unavailable",
  "Too Many Requests",
  "Unknown internal server error",
  "limit",
  "offset"
])

/** Whether a text may stay in a field of that kind: a name in the place of a number is no number. */
export const isHarmless = (kind: Kind, value: string): boolean => {
  switch (kind) {
    case "word":
      return /^[^@]{0,64}$/.test(value)
    case "number":
      return /^[\d.:TZ+-]*$/.test(value)
    case "sentence":
      return sentences.has(value)
    case "hidden":
      return false
  }
}

/** Whether the name of a field is one that Duo would give. */
export const isFieldName = (name: string): boolean => /^[a-z][a-z0-9_]{0,63}$/.test(name)
