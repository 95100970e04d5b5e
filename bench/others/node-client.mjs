/**
 * Duo's own client for Node, and a loop around it: users become rows, and every two thousand rows of a table are a chunk
 * for DuckDB's appender. `node-client.mjs HOST DIRECTORY`
 */
import {
  BIGINT,
  BOOLEAN,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBTimestampTZValue,
  TIMESTAMPTZ,
  VARCHAR
} from "@duckdb/node-api"
import duo from "@duosecurity/duo_api"
import { randomUUID } from "node:crypto"
import http from "node:http"
import https from "node:https"

const [address, directory] = process.argv.slice(2)
const [hostname, port] = address.split(":")
const agent = new http.Agent({ keepAlive: true })

// The client knows only https. Plain http on loopback saves it the encryption, which ours has not to do either, and a
// connection a page.
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

const columns = (type, names) => names.split(" ").map((name) => [name, type])
const run = [["run_id", VARCHAR], ["observed_at", TIMESTAMPTZ], ["user_id", VARCHAR]]
const tables = {
  users: [
    ...run,
    ...columns(VARCHAR, "username email realname firstname lastname status"),
    ["is_enrolled", BOOLEAN],
    ...columns(TIMESTAMPTZ, "created_at last_login_at last_directory_sync_at"),
    ...columns(VARCHAR, "directory_key external_id lockout_reason notes aliases group_names"),
    ...columns(BIGINT, "phone_count token_count webauthn_count u2f_count desktop_count method_count"),
    ...columns(BOOLEAN, "mfa_enabled has_phishing_resistant"),
    ...columns(VARCHAR, "strongest weakest"),
    ...columns(BOOLEAN, "only_telephony is_bypass"),
    ["bypass_reason", VARCHAR],
    ["is_active", BOOLEAN]
  ],
  mfa_methods: [
    ...run,
    ...columns(VARCHAR, "username email realname user_status method_kind method_id method_type name label platform"),
    ...columns(VARCHAR, "model number extension serial"),
    ["activated", BOOLEAN],
    ["capabilities", VARCHAR],
    ...columns(BOOLEAN, "can_push can_otp can_sms can_call"),
    ["strength", VARCHAR],
    ["strength_rank", BIGINT],
    ...columns(TIMESTAMPTZ, "enrolled_at last_seen_at"),
    ...columns(VARCHAR, "app_version os_version encrypted fingerprint screenlock tampered"),
    ["sms_passcodes_sent", BOOLEAN],
    ["totp_step", BIGINT]
  ],
  user_groups: [...run, ...columns(VARCHAR, "username group_id group_name group_status")],
  bypass_codes: [
    ...run,
    ...columns(VARCHAR, "username bypass_code_id admin_email"),
    ...columns(TIMESTAMPTZ, "created_at expires_at"),
    ["reuse_count", BIGINT]
  ]
}

const strengths = ["none", "telephony", "otp", "push", "device_bound", "phishing_resistant"]
const most = 2048

const said = (value) => value === "" || value === undefined ? null : value
const instant = (millis) => new DuckDBTimestampTZValue(BigInt(millis) * 1000n)
const fromSeconds = (seconds) => seconds === null || seconds === undefined ? null : instant(seconds * 1000)
const fromText = (text) => text ? instant(Date.parse(`${text}Z`)) : null
const count = (value) => value === null || value === undefined ? null : BigInt(value)
const joined = (texts) => said([...new Set(texts)].filter((text) => text).sort().join(", "))

/** Columns of a table, and the chunk that they become. */
const tableOf = async (connection, name) => {
  const columns = tables[name]
  await connection.run(`CREATE TABLE ${name} (${columns.map(([name, type]) => `"${name}" ${type}`).join(", ")})`)
  const appender = await connection.createAppender(name)
  const types = columns.map(([, type]) => type)
  let rows = []
  const flush = () => {
    if (rows.length === 0) return
    const chunk = DuckDBDataChunk.create(types, rows.length)
    chunk.setColumns(columns.map(([name]) => rows.map((row) => row[name] ?? null)))
    appender.appendDataChunk(chunk)
    rows = []
  }
  return {
    add: (row) => {
      if (rows.push(row) === most) flush()
    },
    close: () => {
      flush()
      appender.closeSync()
    }
  }
}

const phoneRow = (phone) => {
  const { activated, capabilities } = phone
  const can_push = activated && capabilities.includes("push")
  const can_otp = activated && capabilities.includes("mobile_otp")
  const can_sms = capabilities.includes("sms")
  const can_call = capabilities.includes("phone")
  return {
    method_kind: "phone",
    method_id: phone.phone_id,
    method_type: said(phone.type),
    name: said(phone.name),
    platform: said(phone.platform),
    model: said(phone.model),
    number: said(phone.number),
    extension: said(phone.extension),
    activated,
    capabilities: joined(capabilities),
    can_push,
    can_otp,
    can_sms,
    can_call,
    rank: can_push ? 3 : can_otp ? 2 : can_sms || can_call ? 1 : 0,
    last_seen_at: fromText(phone.last_seen),
    app_version: said(phone.app_version),
    os_version: said(phone.os_version),
    encrypted: said(phone.encrypted),
    fingerprint: said(phone.fingerprint),
    screenlock: said(phone.screenlock),
    tampered: said(phone.tampered),
    sms_passcodes_sent: phone.sms_passcodes_sent
  }
}

const unused = { can_push: false, can_otp: false, can_sms: false, can_call: false }

const methodsOf = (user) => [
  ...(user.phones ?? []).map(phoneRow),
  ...(user.tokens ?? []).map((token) => ({
    ...unused,
    method_kind: "token",
    method_id: token.token_id,
    method_type: said(token.type),
    serial: said(token.serial),
    can_otp: true,
    totp_step: count(token.totp_step),
    rank: 2
  })),
  ...(user.webauthncredentials ?? []).map((credential) => ({
    ...unused,
    method_kind: "webauthn",
    method_id: credential.webauthnkey,
    name: said(credential.credential_name),
    label: said(credential.label),
    enrolled_at: fromSeconds(credential.date_added),
    rank: 5
  })),
  ...(user.u2ftokens ?? []).map((token) => ({
    ...unused,
    method_kind: "u2f",
    method_id: token.registration_id,
    enrolled_at: fromSeconds(token.date_added),
    rank: 5
  })),
  ...(user.desktop_authenticators ?? []).map((desktop) => ({
    ...unused,
    method_kind: "desktop",
    method_id: desktop.dakey ?? String(desktop.daid),
    name: said(desktop.device_name),
    platform: said(desktop.os_family),
    app_version: said(desktop.duo_desktop_version),
    rank: 4
  })),
  ...(user.desktoptokens ?? []).map((token) => ({
    ...unused,
    method_kind: "desktop",
    method_id: token.desktoptoken_id,
    method_type: said(token.type),
    name: said(token.name),
    platform: said(token.platform),
    rank: 4
  }))
]

const began = performance.now()
const instance = await DuckDBInstance.create(`${directory}/other.duckdb`)
const connection = await instance.connect()
await connection.run("SET TimeZone = 'UTC'")
const now = Date.now()
const stamp = { run_id: randomUUID(), observed_at: instant(now) }
const users = await tableOf(connection, "users")
const methods = await tableOf(connection, "mfa_methods")
const groups = await tableOf(connection, "user_groups")
const codes = await tableOf(connection, "bypass_codes")

const coded = new Set()
for await (const page of pages("/admin/v1/bypass_codes", 500)) {
  for (const code of page) {
    if (code.expiration === null || code.expiration * 1000 > now) coded.add(code.user.user_id)
    codes.add({
      ...stamp,
      user_id: code.user.user_id,
      username: said(code.user.username),
      bypass_code_id: code.bypass_code_id,
      admin_email: said(code.admin_email),
      created_at: fromSeconds(code.created),
      expires_at: fromSeconds(code.expiration),
      reuse_count: count(code.reuse_count)
    })
  }
}

// 300 is the most that Duo gives a page of this endpoint
for await (const page of pages("/admin/v1/users", 300)) {
  for (const user of page) {
    const { user_id } = user
    const username = said(user.username)
    const who = { ...stamp, user_id, username, email: said(user.email), realname: said(user.realname) }
    const counts = { phone: 0n, token: 0n, webauthn: 0n, u2f: 0n, desktop: 0n }
    const ranks = []
    for (const { rank, ...method } of methodsOf(user)) {
      counts[method.method_kind]++
      ranks.push(rank)
      methods.add({
        ...who,
        user_status: said(user.status),
        ...method,
        strength: strengths[rank],
        strength_rank: BigInt(rank)
      })
    }
    for (const group of user.groups) {
      groups.add({
        ...stamp,
        user_id,
        username,
        group_id: group.group_id,
        group_name: said(group.name),
        group_status: said(group.status)
      })
    }
    const best = Math.max(0, ...ranks)
    const status = user.status?.toLowerCase()
    const isOut = ["disabled", "locked out", "pending deletion"].includes(status) ||
      user.groups.some((group) => group.status?.toLowerCase() === "disabled")
    const reasons = isOut ? [] : [
      user.status?.toLowerCase() === "bypass" ? ["status"] : [],
      user.groups.some((group) => group.status?.toLowerCase() === "bypass") ? ["group"] : [],
      coded.has(user_id) ? ["code"] : []
    ].flat()
    users.add({
      ...who,
      firstname: said(user.firstname),
      lastname: said(user.lastname),
      status: said(user.status),
      is_enrolled: user.is_enrolled,
      created_at: fromSeconds(user.created),
      last_login_at: fromSeconds(user.last_login),
      last_directory_sync_at: fromSeconds(user.last_directory_sync),
      directory_key: said(user.directory_key),
      external_id: said(user.external_id),
      lockout_reason: said(user.lockout_reason),
      notes: said(user.notes),
      aliases: joined([...Object.values(user.aliases ?? {}), user.alias1, user.alias2, user.alias3, user.alias4]),
      group_names: joined(user.groups.map((group) => group.name)),
      phone_count: counts.phone,
      token_count: counts.token,
      webauthn_count: counts.webauthn,
      u2f_count: counts.u2f,
      desktop_count: counts.desktop,
      method_count: BigInt(ranks.length),
      mfa_enabled: user.phones.length + user.tokens.length + user.webauthncredentials.length > 0,
      has_phishing_resistant: best === 5,
      strongest: strengths[best],
      weakest: strengths[ranks.length === 0 ? 0 : Math.min(...ranks)],
      only_telephony: best === 1,
      is_bypass: reasons.length > 0,
      bypass_reason: said(reasons.join(", ")),
      is_active: status === "active" && !isOut
    })
  }
}
for (const table of [users, methods, groups, codes]) table.close()
for (const table of Object.keys(tables)) {
  await connection.run(`COPY ${table} TO '${directory}/${table}.parquet' (FORMAT parquet, COMPRESSION zstd)`)
}
connection.closeSync()
instance.closeSync()
agent.destroy()
process.stdout.write(JSON.stringify({ engine: (performance.now() - began) / 1000 }))
