/**
 * Duo's own client for Node and a lean loop around it: users become rows, a batch of rows becomes a JSON file, and DuckDB
 * reads the files of a table into it, with all threads. `node-client.mjs HOST DIRECTORY`
 */
import { DuckDBInstance } from "@duckdb/node-api"
import duo from "@duosecurity/duo_api"
import { randomUUID } from "node:crypto"
import { writeFileSync } from "node:fs"
import http from "node:http"
import https from "node:https"

const [address, directory] = process.argv.slice(2)
const [hostname, port] = address.split(":")
const agent = new http.Agent({ keepAlive: true })

// The client supports only https. Plain http on loopback saves it the encryption, which duo-mfa does not have here either,
// and one connection per page.
https.request = (options, callback) => http.request({ ...options, host: hostname, port, agent }, callback)

const client = new duo.Client("DIBENCH", "b".repeat(40), address)

const call = (path, params) =>
  new Promise((resolve, reject) =>
    client.jsonApiCall("GET", path, params, (answer) =>
      answer.stat === "OK" ? resolve(answer) : reject(new Error(answer.message)))
  )

async function* pages(path, limit) {
  for (let offset = 0; offset !== undefined;) {
    const { metadata, response } = await call(path, { limit: String(limit), offset: String(offset) })
    yield response
    offset = metadata.next_offset
  }
}

/** Columns of a type. SECONDS is a number that becomes a time. */
const of = (type, names) => Object.fromEntries(names.split(" ").map((name) => [name, type]))
const tables = {
  users: {
    ...of("VARCHAR", "user_id username email realname firstname lastname status"),
    ...of("BOOLEAN", "is_enrolled"),
    ...of("SECONDS", "created_at last_login_at last_directory_sync_at"),
    ...of("VARCHAR", "directory_key external_id lockout_reason notes aliases group_names"),
    ...of("BIGINT", "phone_count token_count webauthn_count u2f_count desktop_count method_count"),
    ...of("BOOLEAN", "mfa_enabled has_phishing_resistant"),
    ...of("VARCHAR", "strongest weakest"),
    ...of("BOOLEAN", "only_telephony is_bypass"),
    ...of("VARCHAR", "bypass_reason"),
    ...of("BOOLEAN", "is_active")
  },
  mfa_methods: {
    ...of("VARCHAR", "user_id username email realname user_status method_kind method_id method_type name label"),
    ...of("VARCHAR", "platform model number extension serial"),
    ...of("BOOLEAN", "activated"),
    ...of("VARCHAR", "capabilities"),
    ...of("BOOLEAN", "can_push can_otp can_sms can_call"),
    ...of("VARCHAR", "strength"),
    ...of("BIGINT", "strength_rank"),
    ...of("SECONDS", "enrolled_at"),
    ...of("TIMESTAMP", "last_seen_at"),
    ...of("VARCHAR", "app_version os_version encrypted fingerprint screenlock tampered"),
    ...of("BOOLEAN", "sms_passcodes_sent"),
    ...of("BIGINT", "totp_step")
  },
  user_groups: of("VARCHAR", "user_id username group_id group_name group_status"),
  bypass_codes: {
    ...of("VARCHAR", "user_id username bypass_code_id admin_email"),
    ...of("SECONDS", "created_at expires_at"),
    ...of("BIGINT", "reuse_count")
  }
}
const strengths = ["none", "telephony", "otp", "push", "device_bound", "phishing_resistant"]
const out = new Set(["disabled", "locked out", "pending deletion"])

// JSON.stringify omits undefined fields, and DuckDB reads missing fields as NULL
const orUndefined = (value) => value === "" || value === null ? undefined : value
const joined = (texts) => orUndefined([...new Set(texts)].filter((text) => text).sort().join(", "))

const usersABatch = 5000
const rows = Object.fromEntries(Object.keys(tables).map((name) => [name, []]))
let batches = 0
const flush = () => {
  batches++
  for (const [name, batch] of Object.entries(rows)) {
    if (batch.length > 0) writeFileSync(`${directory}/${name}-${batches}.json`, JSON.stringify(batch))
    batch.length = 0
  }
}

const addMethods = (user, who, ranks) => {
  const add = (method_kind, method_id, rank, rest) => {
    ranks.push(rank)
    rows.mfa_methods.push({
      ...who, method_kind, method_id, can_push: false, can_otp: rank === 2, can_sms: false, can_call: false,
      strength: strengths[rank], strength_rank: rank, ...rest
    })
  }
  for (const phone of user.phones) {
    const { activated, capabilities } = phone
    const can_push = activated && capabilities.includes("push")
    const can_otp = activated && capabilities.includes("mobile_otp")
    const can_sms = capabilities.includes("sms")
    const can_call = capabilities.includes("phone")
    const rank = can_push ? 3 : can_otp ? 2 : can_sms || can_call ? 1 : 0
    ranks.push(rank)
    rows.mfa_methods.push({
      user_id: who.user_id, username: who.username, email: who.email, realname: who.realname, user_status: who.user_status,
      method_kind: "phone", method_id: phone.phone_id, can_push, can_otp, can_sms, can_call, strength: strengths[rank], strength_rank: rank,
      method_type: orUndefined(phone.type),
      name: orUndefined(phone.name),
      platform: orUndefined(phone.platform),
      model: orUndefined(phone.model),
      number: orUndefined(phone.number),
      extension: orUndefined(phone.extension),
      activated,
      capabilities: joined(capabilities),
      last_seen_at: orUndefined(phone.last_seen),
      app_version: orUndefined(phone.app_version),
      os_version: orUndefined(phone.os_version),
      encrypted: orUndefined(phone.encrypted),
      fingerprint: orUndefined(phone.fingerprint),
      screenlock: orUndefined(phone.screenlock),
      tampered: orUndefined(phone.tampered),
      sms_passcodes_sent: phone.sms_passcodes_sent
    })
  }
  for (const token of user.tokens) {
    add("token", token.token_id, 2, {
      method_type: orUndefined(token.type), serial: orUndefined(token.serial), totp_step: token.totp_step
    })
  }
  for (const credential of user.webauthncredentials) {
    add("webauthn", credential.webauthnkey, 5, {
      name: orUndefined(credential.credential_name), label: orUndefined(credential.label), enrolled_at: credential.date_added
    })
  }
  for (const token of user.u2ftokens ?? []) add("u2f", token.registration_id, 5, { enrolled_at: token.date_added })
  for (const desktop of user.desktop_authenticators ?? []) {
    add("desktop", desktop.dakey ?? String(desktop.daid), 4, {
      name: orUndefined(desktop.device_name), platform: orUndefined(desktop.os_family), app_version: orUndefined(desktop.duo_desktop_version)
    })
  }
  for (const token of user.desktoptokens ?? []) {
    add("desktop", token.desktoptoken_id, 4, {
      method_type: orUndefined(token.type), name: orUndefined(token.name), platform: orUndefined(token.platform)
    })
  }
}

const addUser = (user, coded) => {
  const { user_id } = user
  const username = orUndefined(user.username), email = orUndefined(user.email), realname = orUndefined(user.realname)
  const ranks = []
  addMethods(user, { user_id, username, email, realname, user_status: orUndefined(user.status) }, ranks)
  for (const group of user.groups) {
    rows.user_groups.push({
      user_id, username, group_id: group.group_id, group_name: orUndefined(group.name), group_status: orUndefined(group.status)
    })
  }
  const best = Math.max(0, ...ranks)
  const status = user.status?.toLowerCase()
  const groupIs = (status) => user.groups.some((group) => group.status?.toLowerCase() === status)
  const isOut = out.has(status) || groupIs("disabled")
  const reasons = []
  if (!isOut) {
    if (status === "bypass") reasons.push("status")
    if (groupIs("bypass")) reasons.push("group")
    if (coded.has(user_id)) reasons.push("code")
  }
  const phone_count = user.phones.length
  const token_count = user.tokens.length
  const webauthn_count = user.webauthncredentials.length
  rows.users.push({
    user_id, username, email, realname,
    firstname: orUndefined(user.firstname),
    lastname: orUndefined(user.lastname),
    status: orUndefined(user.status),
    is_enrolled: user.is_enrolled,
    created_at: user.created,
    last_login_at: user.last_login,
    last_directory_sync_at: user.last_directory_sync,
    directory_key: orUndefined(user.directory_key),
    external_id: orUndefined(user.external_id),
    lockout_reason: orUndefined(user.lockout_reason),
    notes: orUndefined(user.notes),
    aliases: joined([...Object.values(user.aliases ?? {}), user.alias1, user.alias2, user.alias3, user.alias4]),
    group_names: joined(user.groups.map((group) => group.name)),
    phone_count, token_count, webauthn_count,
    u2f_count: user.u2ftokens?.length ?? 0,
    desktop_count: (user.desktop_authenticators?.length ?? 0) + (user.desktoptokens?.length ?? 0),
    method_count: ranks.length,
    mfa_enabled: phone_count + token_count + webauthn_count > 0,
    has_phishing_resistant: best === 5,
    strongest: strengths[best],
    weakest: strengths[ranks.length === 0 ? 0 : Math.min(...ranks)],
    only_telephony: best === 1,
    is_bypass: reasons.length > 0,
    bypass_reason: orUndefined(reasons.join(", ")),
    is_active: status === "active" && !isOut
  })
}

const now = Date.now() / 1000
const coded = new Set()
for await (const page of pages("/admin/v1/bypass_codes", 500)) {
  for (const code of page) {
    if (code.expiration === null || code.expiration > now) coded.add(code.user.user_id)
    rows.bypass_codes.push({
      user_id: code.user.user_id,
      username: orUndefined(code.user.username),
      bypass_code_id: code.bypass_code_id,
      admin_email: orUndefined(code.admin_email),
      created_at: code.created,
      expires_at: code.expiration,
      reuse_count: code.reuse_count
    })
  }
}
// Duo's largest page of this endpoint has 300 objects
for await (const page of pages("/admin/v1/users", 300)) {
  for (const user of page) addUser(user, coded)
  if (rows.users.length >= usersABatch) flush()
}
flush()

const instance = await DuckDBInstance.create(`${directory}/other.duckdb`)
const connection = await instance.connect()
await connection.run("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
const run_id = randomUUID()
for (const [name, types] of Object.entries(tables)) {
  const columns = Object.entries(types)
  const read = columns.map(([name, type]) => `${name}: '${type === "SECONDS" ? "BIGINT" : type}'`)
  const selected = columns.map(([name, type]) =>
    type === "SECONDS"
      ? `to_timestamp(${name}) AS ${name}`
      : type === "TIMESTAMP"
      ? `${name}::TIMESTAMPTZ AS ${name}`
      : name
  )
  await connection.run(
    `CREATE TABLE ${name} AS
     SELECT '${run_id}' AS run_id, to_timestamp(${now}) AS observed_at, ${selected.join(", ")}
     FROM read_json('${directory}/${name}-*.json', format = 'array', columns = {${read.join(", ")}})`
  )
  await connection.run(`COPY ${name} TO '${directory}/${name}.parquet' (FORMAT parquet, COMPRESSION zstd)`)
}
connection.closeSync()
instance.closeSync()
agent.destroy()
