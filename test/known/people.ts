/** People and their authenticators as Duo's JSON. Fields that do not matter are filled in. */
import type { JsonObject } from "../../src/emulator/people/PythonJson.ts"

export type { JsonObject }

const nothing = {
  alias1: null,
  alias2: null,
  alias3: null,
  alias4: null,
  aliases: {},
  firstname: null,
  lastname: null,
  lockout_reason: null,
  notes: "",
  last_directory_sync: null,
  groups: [],
  phones: [],
  tokens: [],
  u2ftokens: [],
  webauthncredentials: [],
  desktoptokens: [],
  desktop_authenticators: []
}

/** Noon, or another hour, of a day in Unix seconds. */
export const authenticatorsOf = (at: (day: number, hour?: number) => number) => ({
  person: (name: string, fields: JsonObject): JsonObject => ({
    ...nothing,
    user_id: `DU${name.toUpperCase()}`,
    username: name,
    realname: `${name[0]?.toUpperCase()}${name.slice(1)} Example`,
    email: `${name}@example.com`,
    status: "active",
    is_enrolled: true,
    created: Date.UTC(2026, 0, 1) / 1000,
    last_login: null,
    ...fields
  }),

  /** A phone on which logins are approved. */
  phone: (id: string, number: string, fields: JsonObject = {}): JsonObject => ({
    phone_id: `DP${id}`,
    number,
    extension: "",
    name: "",
    type: "Mobile",
    platform: "Apple iOS",
    model: "Apple iPhone 16",
    activated: true,
    capabilities: ["auto", "push", "sms", "phone", "mobile_otp"],
    last_seen: "",
    encrypted: "Encrypted",
    fingerprint: "Configured",
    screenlock: "Locked",
    tampered: "Not tampered",
    app_version: "5.2.0.1",
    os_version: "26.0",
    sms_passcodes_sent: false,
    ...fields
  }),

  token: (id: string, serial: string): JsonObject => ({ token_id: `DH${id}`, serial, type: "h6", totp_step: null }),

  /** A security key that was added on a day. */
  key: (id: string, day: number): JsonObject => ({
    webauthnkey: `WA${id}`,
    credential_name: "YubiKey 5C",
    label: "Security Key",
    date_added: at(day, 8)
  })
})
