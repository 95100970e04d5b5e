import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { cut, odd } from "../support/odd-users.ts"
import { command, extract } from "../support/processes/command.ts"
import { allSinks, inFolder, query } from "../support/processes/program.ts"
import * as readers from "../support/readers.ts"

describe("an odd user", () => {
  const user = {
    user_id: "DUODD00000000000ODD1",
    username: "=cmd|' /C calc'!A0",
    email: null,
    realname: "Zoë 👩‍👩‍👧 \"the\", O'Neil\r\nד\u2028",
    firstname: null,
    lastname: null,
    status: "hibernating",
    is_enrolled: true,
    created_at: "2023-11-14T22:13:20Z",
    last_login_at: null,
    last_directory_sync_at: null,
    directory_key: null,
    external_id: null,
    lockout_reason: null,
    notes: "42",
    aliases: "a, b",
    group_names: "Sales, \"EU\"",
    phone_count: 2,
    token_count: 1,
    webauthn_count: 1,
    u2f_count: 0,
    desktop_count: 1,
    method_count: 5,
    mfa_enabled: true,
    has_phishing_resistant: true,
    strongest: "phishing_resistant",
    weakest: "none",
    only_telephony: false,
    is_bypass: true,
    bypass_reason: "group",
    is_active: false
  }

  const nothing = {
    method_type: null,
    name: null,
    label: null,
    platform: null,
    model: null,
    number: null,
    extension: null,
    serial: null,
    activated: null,
    capabilities: null,
    can_push: false,
    can_otp: false,
    can_sms: false,
    can_call: false,
    enrolled_at: null,
    last_seen_at: null,
    app_version: null,
    os_version: null,
    encrypted: null,
    fingerprint: null,
    screenlock: null,
    tampered: null,
    sms_passcodes_sent: null,
    totp_step: null
  }

  const methods = [
    {
      ...nothing,
      method_kind: "desktop",
      method_id: "DDODD0000000000000D1",
      name: "laptop",
      platform: "macOS",
      app_version: "7.1",
      strength: "device_bound",
      strength_rank: 4
    },
    {
      ...nothing,
      method_kind: "phone",
      method_id: "DPODD0000000000000P1",
      method_type: "Mobile",
      platform: "Apple iOS",
      model: "Apple iPhone 14 Pro",
      number: "+15555550100",
      extension: "7",
      activated: true,
      capabilities: "auto, mobile_otp, phone, push, sms",
      can_push: true,
      can_otp: true,
      can_sms: true,
      can_call: true,
      strength: "push",
      strength_rank: 3,
      last_seen_at: "2022-12-16T07:39:49Z",
      app_version: "4.120.0",
      os_version: "16",
      encrypted: "Encrypted",
      fingerprint: "Configured",
      screenlock: "Locked",
      tampered: "Not tampered",
      sms_passcodes_sent: false
    },
    {
      ...nothing,
      method_kind: "phone",
      method_id: "DPODD0000000000000P2",
      method_type: "Unknown",
      activated: false,
      strength: "none",
      strength_rank: 0
    },
    {
      ...nothing,
      method_kind: "token",
      method_id: "DHODD0000000000000T1",
      method_type: "t6",
      serial: "123456",
      can_otp: true,
      strength: "otp",
      strength_rank: 2,
      totp_step: 30
    },
    {
      ...nothing,
      method_kind: "webauthn",
      method_id: "WAODD0000000000000W1",
      name: "Passkey",
      label: "Security Key",
      strength: "phishing_resistant",
      strength_rank: 5,
      enrolled_at: "2023-04-20T14:13:20Z"
    }
  ]

  it.live("is right to the last cell, in the ledger, in Parquet and in NDJSON", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const tenant = Tenant.fromUsers([odd])
      const { duo, summary } = yield* extract(folder, { tenant }, allSinks)
      assert.strictEqual(summary.unknown_values, 2)
      assert.isTrue(summary.warnings.some((warning: string) => warning.includes("hibernating")))
      // a whole second has no fraction in the rows
      const observed_at = summary.observed_at.replace(".000Z", "Z")
      const common = {
        run_id: summary.run_id,
        observed_at: observed_at.replace(/(\.\d{3})Z$/, (_: string, millis: string) => `${millis}000Z`),
        tenant: duo.host
      }
      const { email, realname, status: user_status, user_id, username } = user
      const expected = {
        users: [{ ...common, ...user }],
        mfa_methods: methods.map((method) => ({
          ...common,
          user_id,
          username,
          email,
          realname,
          user_status,
          ...method
        })),
        user_groups: [{
          ...common,
          user_id,
          username,
          group_id: "DGODD0000000000000G1",
          group_name: "Sales, \"EU\"",
          group_status: "Bypass"
        }]
      }
      for (const [table, rows] of Object.entries(expected)) {
        const order = table === "mfa_methods" ? "method_kind, method_id" : "user_id"
        for (
          const place of [
            `ledger.${table}`,
            `read_parquet('${folder}/data/parquet/${table}/*/*.parquet', hive_partitioning = false)`,
            `read_parquet('${folder}/data/parquet/current/${table}.parquet')`
          ]
        ) {
          const found = yield* query(`
            ATTACH '${folder}/data/duo.duckdb' AS ledger (READ_ONLY);
            SELECT * FROM ${place} ORDER BY ${order}`)
          assert.deepStrictEqual(found, rows.map((row) => ({ ...row, observed_at })), place)
        }
        const text = readers.unpacked(`${folder}/data/ndjson/${table}/${summary.run_id}.ndjson.zst`)
        const found = text.trimEnd().split("\n").map((line) => JSON.parse(line))
        const byKind = found.toSorted((a, b) =>
          String(a.method_kind + a.method_id) < String(b.method_kind + b.method_id) ? -1 : 1
        )
        assert.deepStrictEqual(table === "mfa_methods" ? byKind : found, rows, "NDJSON")
      }
    })))
})

describe("a user with text that was cut in the middle of a character", () => {
  it.live("has U+FFFD for each half in every sink, is proved, and is reported with its path but not its value", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { ended, summary } = yield* extract(folder, { tenant: Tenant.fromUsers([cut]) }, allSinks)
      assert.isTrue(summary.complete)
      assert.strictEqual(summary.unknown_values, 5)
      assert.includeMembers(
        summary.warnings,
        ["username", "realname", "phones[].name", "phones[].capabilities[]"].map((path) =>
          `half of a surrogate pair in a user, now U+FFFD: ${path}`
        )
      )
      assert.notInclude(ended.stderr, "Ada")
      const verified = yield* command(folder, ["verify"])
      assert.strictEqual(verified.code, 0, verified.stderr)
      for (const from of ["duo.duckdb", "parquet/current/users.parquet", `ndjson/users/${summary.run_id}.ndjson.zst`]) {
        const at = `${folder}/data/${from}`
        const [row] = yield* query(
          from.endsWith("duckdb") ? `ATTACH '${at}' AS l (READ_ONLY); FROM l.users` : `FROM '${at}'`
        )
        assert.deepInclude(row, { username: "ada\ufffd", realname: "\ufffd Ada", notes: cut.notes }, from)
      }
    })))
})
