/**
 * The four tables of the `mfa` pipeline. Their sentences become the data dictionary and the COMMENTs. The facts about
 * Duo's fields come from the Admin API reference (https://duo.com/docs/adminapi#users).
 */
import {
  addedWith,
  bigint,
  boolean,
  common,
  id,
  make,
  personal,
  reasonFor,
  repeated,
  text,
  timestamp,
  uncertain,
  volatile
} from "../../src/Table.ts"

const user_id = id("Duo's id of the user.")

export const users = make({
  name: "users",
  doc: "One row per user: identity, counts of authenticators, their strength, and whether the user bypasses MFA.",
  key: ["user_id"],
  countedIn: "users",
  columns: {
    ...common,
    user_id,
    username: personal("The name the user logs in with."),
    email: personal("E-mail address."),
    realname: personal("Full name."),
    firstname: personal("Given name."),
    lastname: personal("Family name."),
    status: text("active, bypass, disabled, locked out, pending deletion, or a later value of Duo's as it came."),
    is_enrolled: boolean("Whether Duo says that the user has a usable authenticator."),
    created_at: timestamp("When the user was created."),
    last_login_at: volatile(timestamp("The last successful login; NULL if there was none.")),
    last_directory_sync_at: volatile(timestamp("The last directory sync; NULL if the user is not synced.")),
    directory_key: text("The directory that manages the user."),
    external_id: personal("The user's id in that directory."),
    lockout_reason: text("Why the user is locked out or disabled."),
    notes: personal("An administrator's note about the user."),
    aliases: personal("Other names the user logs in with, sorted, joined by \", \"."),
    group_names: text("The names of the user's groups, sorted, joined by \", \". Use user_groups to join on groups."),
    phone_count: bigint("Number of phones and tablets."),
    token_count: bigint("Number of hardware tokens."),
    webauthn_count: bigint("Number of WebAuthn credentials: security keys, passkeys and platform authenticators."),
    u2f_count: bigint("Number of U2F tokens, which Duo no longer offers."),
    desktop_count: bigint("Number of Duo Desktop authenticators and legacy desktop tokens."),
    method_count: bigint("Number of the user's rows in mfa_methods."),
    mfa_enabled: boolean(
      "Whether the user has a phone, a token or a WebAuthn credential. This is Duo's own rule for integrations."
    ),
    has_phishing_resistant: boolean("Whether any of the user's methods is phishing resistant."),
    strongest: text("The strength of the strongest method; 'none' for a user without methods."),
    weakest: text(
      "The strength of the weakest method, which an attacker would choose; 'none' for a user without methods."
    ),
    only_telephony: boolean("Whether text messages or calls are the user's strongest method."),
    is_bypass: uncertain(
      false,
      true,
      boolean(
        "Whether the user can log in now without any method; bypass_reason says why. False for a user who cannot log in. NULL if it is not known because the run could not read all bypass codes."
      )
    ),
    bypass_reason: reasonFor(
      "is_bypass",
      text(
        "status (the user's status is bypass), group (the status of a group is Bypass), code (a bypass code has not expired), joined by \", \"; NULL if no reason is known."
      )
    ),
    is_active: addedWith(
      "coalesce(lower(status) = 'active', false)",
      boolean(
        "Whether the user is active: the status is active and none of the user's groups is Disabled. Users who are disabled, locked out, pending deletion or on status bypass are not active. Figures about active users count these users. A user can log in if is_active OR is_bypass."
      )
    )
  }
})

export const mfaMethods = make({
  name: "mfa_methods",
  doc: "One row per user and authenticator. An authenticator that two users share has two rows.",
  key: ["user_id", "method_kind", "method_id"],
  countedIn: "methods",
  columns: {
    ...common,
    user_id,
    username: repeated(personal("The name the user logs in with.")),
    email: repeated(personal("E-mail address.")),
    realname: repeated(personal("Full name.")),
    user_status: repeated(text("The user's status.")),
    method_kind: id("phone, token, webauthn, u2f or desktop."),
    method_id: id("Duo's id of the authenticator."),
    method_type: text(
      "Duo's type of the authenticator. Of a phone, Mobile or Landline. Of a token, d1 (Duo D-100), h6 or h8 (HOTP, 6 or 8 digits), t6 or t8 (TOTP, 6 or 8 digits) or yk (a YubiKey that types passcodes; as a security key it is webauthn). Of a desktop, Desktop Token or NULL. Or a later value of Duo's as it came."
    ),
    name: personal("The name that somebody gave the authenticator."),
    label: text("Duo's label of a WebAuthn credential."),
    platform: text("Apple iOS, Google Android and so on; for a desktop, the family of its operating system."),
    model: text("The device's model."),
    number: personal("Phone number."),
    extension: personal("Phone extension."),
    serial: personal("A token's serial number."),
    activated: boolean("Whether Duo Mobile is activated on the phone."),
    capabilities: text("What the phone can do in Duo's words (auto, push, sms, phone, mobile_otp), sorted."),
    can_push: boolean("Whether it approves pushes: an activated phone with the capability push."),
    can_otp: boolean(
      "Whether it makes passcodes: an activated phone with the capability mobile_otp, or a hardware token."
    ),
    can_sms: boolean("Whether it gets passcodes by text message."),
    can_call: boolean("Whether Duo can call it."),
    strength: text(
      "The strength of its strongest use: phishing_resistant (webauthn, u2f), device_bound (Duo Desktop), push, otp, telephony or none."
    ),
    strength_rank: bigint("The strength as a number, from 5 for phishing_resistant down to 0 for none."),
    enrolled_at: timestamp(
      "When a WebAuthn credential or U2F token was added; NULL for others, because Duo does not say it."
    ),
    last_seen_at: volatile(
      timestamp(
        "When Duo Mobile last contacted Duo. NULL means not known, not stale."
      )
    ),
    app_version: text("Version of Duo Mobile or Duo Desktop."),
    os_version: text("Version of the operating system."),
    encrypted: text("The phone's disk encryption: Encrypted, Unencrypted or Unknown."),
    fingerprint: text("The phone's biometrics: Configured, Disabled or Unknown."),
    screenlock: text("The phone's screen lock: Locked, Unlocked or Unknown."),
    tampered: text("Whether the phone is rooted or jailbroken: Not tampered, Tampered or Unknown."),
    sms_passcodes_sent: boolean("Whether passcodes were sent to the phone by text message."),
    totp_step: bigint("Seconds for which a time-based token's passcode is valid.")
  }
})

export const userGroups = make({
  name: "user_groups",
  doc: "One row per user and group that the user is in.",
  key: ["user_id", "group_id"],
  // many rows vanish at once when one large group is deleted or gets another id
  maxShrink: 50,
  columns: {
    ...common,
    user_id,
    username: repeated(personal("The name the user logs in with.")),
    group_id: id("Duo's id of the group."),
    group_name: text("The group's name."),
    group_status: text("Active, Bypass or Disabled. Bypass and Disabled override the user's own status.")
  }
})

export const bypassCodes = make({
  name: "bypass_codes",
  doc: "One row per bypass code. Duo never gives the code itself. Reading them may need an extra permission.",
  key: ["user_id", "bypass_code_id"],
  // codes are used up and expire, so all of yesterday's may be gone
  maxShrink: 100,
  columns: {
    ...common,
    user_id,
    username: repeated(personal("The name the user logs in with.")),
    bypass_code_id: id("Duo's id of the code."),
    admin_email: personal("The administrator who created the code."),
    created_at: timestamp("When the code was created."),
    expires_at: timestamp("When the code expires; NULL for never."),
    reuse_count: volatile(bigint("How often the code can still be used; NULL for no limit."))
  }
})
