/**
 * The rows that an answer of Duo must become, implemented a second time from the documentation, without the program's
 * code. The fuzzed pages are compared with these rows. An answer that has an impossible value is refused here too.
 */
import { type Fields, fields, flag, id, int, isNone, joined, list, nothing, refuse, seen, text, time } from "./cells.ts"

export type Row = Readonly<Record<string, unknown>>
export type Rows = Readonly<Record<string, ReadonlyArray<Row>>>

/** Each id once: the first object that has it. */
const once = (rows: ReadonlyArray<Row>, key: string) => {
  const found = new Map<unknown, Row>()
  for (const row of rows) if (!found.has(row[key])) found.set(row[key], row)
  return [...found.values()]
}

const ranks: ReadonlyArray<string> = ["none", "telephony", "otp", "push", "device_bound", "phishing_resistant"]

const method = (method_kind: string, method_id: string, strength: string, rest: Row): Row => ({
  method_kind,
  method_id,
  strength,
  strength_rank: ranks.indexOf(strength),
  can_push: false,
  can_otp: false,
  can_sms: false,
  can_call: false,
  ...rest
})

const phoneOf = (value: unknown): Row => {
  const phone = fields(value)
  const words = typeof phone["capabilities"] === "string" && phone["capabilities"] !== ""
    ? [phone["capabilities"]]
    : list(phone["capabilities"]).map((word) => word === "" ? "" : text(word))
  const activated = flag(phone["activated"])
  const [can_push, can_otp] = ["push", "mobile_otp"].map((word) => activated === true && words.includes(word))
  const [can_sms, can_call] = ["sms", "phone"].map((word) => words.includes(word))
  const said = (...names: ReadonlyArray<string>) => Object.fromEntries(names.map((name) => [name, text(phone[name])]))
  return method(
    "phone",
    id(phone["phone_id"]),
    can_push ? "push" : can_otp ? "otp" : can_sms || can_call ? "telephony" : "none",
    {
      method_type: text(phone["type"]),
      ...said("name", "platform", "model", "number", "extension", "app_version", "os_version"),
      ...said("encrypted", "fingerprint", "screenlock", "tampered"),
      activated,
      capabilities: joined(words.map((word) => word || null)),
      can_push,
      can_otp,
      can_sms,
      can_call,
      last_seen_at: seen(text(phone["last_seen"])),
      sms_passcodes_sent: flag(phone["sms_passcodes_sent"])
    }
  )
}

const kinds: Readonly<Record<string, (value: unknown) => Row>> = {
  phones: phoneOf,
  tokens: (value) => {
    const { serial, token_id, totp_step, type } = fields(value)
    const rest = { method_type: text(type), serial: text(serial), totp_step: int(totp_step), can_otp: true }
    return method("token", id(token_id), "otp", rest)
  },
  webauthncredentials: (value) => {
    const { credential_name, date_added, label, webauthnkey } = fields(value)
    const rest = { name: text(credential_name), label: text(label), enrolled_at: time(date_added) }
    return method("webauthn", id(webauthnkey), "phishing_resistant", rest)
  },
  u2ftokens: (value) => {
    const { date_added, registration_id } = fields(value)
    return method("u2f", id(registration_id), "phishing_resistant", { enrolled_at: time(date_added) })
  },
  desktop_authenticators: (value) => {
    const { daid, dakey, device_name, duo_desktop_version, os_family } = fields(value)
    const rest = { name: text(device_name), platform: text(os_family), app_version: text(duo_desktop_version) }
    return method("desktop", id(nothing(dakey) || dakey === "" ? daid : dakey), "device_bound", rest)
  },
  desktoptokens: (value) => {
    const { desktoptoken_id, name, platform, type } = fields(value)
    const rest = { method_type: text(type), name: text(name), platform: text(platform) }
    return method("desktop", id(desktoptoken_id), "device_bound", rest)
  }
}

/** The columns of a user and of a group whose values are Duo's own. */
const groupOf = (value: unknown): Row => {
  const { desc, group_id, name, status } = fields(value)
  text(desc)
  return { group_id: id(group_id), group_name: text(name), group_status: text(status) }
}

const aliasesOf = (user: Fields) => {
  const given = isNone(user["aliases"]) ? {} : fields(user["aliases"])
  const flat = ["alias1", "alias2", "alias3", "alias4"].map((name) => [name, text(user[name])] as const)
  const named = new Map([...flat, ...Object.entries(given).map(([name, value]) => [name, text(value)] as const)]
    .filter(([_, alias]) => alias !== null))
  return joined([...named.values()])
}

/** The rows of one user, given the users who have a valid bypass code. */
export const userRows = (common: Row, value: unknown, withCode: ReadonlySet<string>): Rows => {
  const user = fields(value)
  const who = { ...common, user_id: id(user["user_id"]), username: text(user["username"]) }
  const known = { email: text(user["email"]), realname: text(user["realname"]) }
  const status = text(user["status"])
  const every = Object.entries(kinds).map(([name, of]) => [name, list(user[name]).map(of)] as const)
  const methods = ["phone", "token", "webauthn", "u2f", "desktop"].flatMap((kind) =>
    once(every.flatMap(([_, rows]) => rows).filter((row) => row["method_kind"] === kind), "method_id")
  )
  const groups = once(list(user["groups"]).map(groupOf), "group_id")
  const count = (kind: string) => methods.filter((row) => row["method_kind"] === kind).length
  const strengths = methods.map((row) => Number(row["strength_rank"]))
  const strongest = Math.max(0, ...strengths)
  const statuses = list(user["groups"]).map((group) => text(fields(group)["status"])?.toLowerCase())
  const isOut = ["disabled", "locked out", "pending deletion"].includes(status?.toLowerCase() ?? "") ||
    statuses.includes("disabled")
  const reasons = isOut ? [] : [
    status?.toLowerCase() === "bypass" && "status",
    statuses.includes("bypass") && "group",
    withCode.has(who.user_id) && "code"
  ].filter((reason) => reason !== false)
  return {
    users: [{
      ...who,
      ...known,
      ...Object.fromEntries(
        ["firstname", "lastname", "directory_key", "external_id", "lockout_reason", "notes"].map((
          name
        ) => [name, text(user[name])])
      ),
      status,
      is_enrolled: flag(user["is_enrolled"]),
      created_at: time(user["created"]),
      last_login_at: time(user["last_login"]),
      last_directory_sync_at: time(user["last_directory_sync"]),
      aliases: aliasesOf(user),
      group_names: joined(groups.map((row) => row["group_name"] as string | null)),
      phone_count: count("phone"),
      token_count: count("token"),
      webauthn_count: count("webauthn"),
      u2f_count: count("u2f"),
      desktop_count: count("desktop"),
      method_count: methods.length,
      mfa_enabled: count("phone") + count("token") + count("webauthn") > 0,
      has_phishing_resistant: strongest === 5,
      strongest: ranks[strongest],
      weakest: ranks[strengths.length === 0 ? 0 : Math.min(...strengths)],
      only_telephony: strongest === 1,
      is_bypass: reasons.length > 0,
      bypass_reason: reasons.join(", ") || null,
      is_active: status?.toLowerCase() === "active" && !isOut
    }],
    mfa_methods: methods.map((row) => ({ ...who, ...known, user_status: status, ...row })),
    user_groups: groups.map((row) => ({ ...who, ...row }))
  }
}

const codeOf = (common: Row, value: unknown) => {
  const { admin_email, bypass_code_id, created, expiration, reuse_count, user } = fields(value)
  const owner = nothing(user) ? undefined : fields(user)
  return {
    isOwned: owner !== undefined,
    row: {
      ...common,
      user_id: owner === undefined ? "" : id(owner["user_id"]),
      username: owner === undefined ? null : text(owner["username"]),
      bypass_code_id: id(bypass_code_id),
      admin_email: text(admin_email),
      created_at: time(created),
      expires_at: time(expiration),
      reuse_count: int(reuse_count)
    }
  }
}

const members = (response: unknown): ReadonlyArray<unknown> => Array.isArray(response) ? response : refuse()

/** The rows of a page of bypass codes. */
export const codeRows = (common: Row, response: unknown): ReadonlyArray<Row> => {
  const codes = members(response).map((value) => codeOf(common, value))
  const first = new Set(once(codes.map(({ row }) => row), "bypass_code_id"))
  return codes.filter(({ isOwned, row }) => isOwned && first.has(row)).map(({ row }) => row)
}

/**
 * The rows of pages of users. A user who comes twice is taken from the last page that has the user, the first there.
 */
export const pageRows = (common: Row, responses: ReadonlyArray<unknown>, codes: ReadonlyArray<Row> = []): Rows => {
  const works = codes.filter(({ expires_at }) =>
    expires_at === null || Number(expires_at) > Number(common["observed_at"])
  )
  const withCode = new Set(works.map(({ user_id }) => String(user_id)))
  const users = new Map<unknown, Rows>()
  for (const response of responses) {
    const page = members(response).map((user) => userRows(common, user, withCode)).toReversed()
    for (const rows of page) users.set(rows["users"]?.[0]?.["user_id"], rows)
  }
  const all = (table: string) => [...users.values()].flatMap((rows) => rows[table] ?? [])
  return { users: all("users"), mfa_methods: all("mfa_methods"), user_groups: all("user_groups"), bypass_codes: codes }
}
