/** Unusual users, such as real tenants have. */

/** A user whose fields are all spelled in an unusual way, and who has an unknown field. */
export const odd = {
  user_id: "DUODD00000000000ODD1",
  username: "=cmd|' /C calc'!A0",
  alias1: "",
  alias2: "b",
  aliases: { alias1: null, alias2: "b", alias7: "a" },
  email: "",
  realname: "Zoë 👩‍👩‍👧 \"the\", O'Neil\r\nד\u2028",
  firstname: null,
  status: "hibernating",
  is_enrolled: "true",
  created: "1700000000",
  last_login: null,
  notes: 42,
  lockout_reason: null,
  groups: [{ group_id: "DGODD0000000000000G1", name: "Sales, \"EU\"", status: "Bypass", desc: null }],
  phones: [
    {
      phone_id: "DPODD0000000000000P2",
      number: "",
      type: "Unknown",
      platform: "",
      activated: false,
      capabilities: null
    },
    {
      phone_id: "DPODD0000000000000P1",
      number: "+15555550100",
      extension: "7",
      name: "",
      type: "Mobile",
      platform: "Apple iOS",
      model: "Apple iPhone 14 Pro",
      activated: true,
      capabilities: ["sms", "auto", "push", "mobile_otp", "phone"],
      last_seen: "2022-12-16T07:39:49",
      sms_passcodes_sent: false,
      encrypted: "Encrypted",
      fingerprint: "Configured",
      screenlock: "Locked",
      tampered: "Not tampered",
      app_version: "4.120.0",
      os_version: "16",
      antenna: "long"
    }
  ],
  tokens: [{ token_id: "DHODD0000000000000T1", serial: 123456, type: "t6", totp_step: "30" }],
  webauthncredentials: [
    {
      webauthnkey: "WAODD0000000000000W1",
      credential_name: "Passkey",
      label: "Security Key",
      date_added: 1_682_000_000
    }
  ],
  desktop_authenticators: [
    { dakey: "DDODD0000000000000D1", device_name: "laptop", duo_desktop_version: "7.1", os_family: "macOS", daid: 5 }
  ]
}

/** A user whose texts were cut in the middle of a character. */
export const cut = {
  user_id: "DUCUT00000000000CUT1",
  username: "ada\ud83d",
  realname: "\ude00 Ada",
  notes: "a\0b\ufffe\uffff\ufdd0",
  phones: [{ phone_id: "DPCUT00000000000CUT1", name: "\ud83d\ude00\ud83d", type: "Mobile", capabilities: ["\udfff"] }]
}
