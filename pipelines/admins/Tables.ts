/**
 * The two tables of the `admins` pipeline. Their sentences are what the data dictionary and the COMMENTs say; facts about
 * Duo's fields come from its Admin API reference (https://duo.com/docs/adminapi#administrators).
 */
import {
  bigint,
  boolean,
  common,
  id,
  make,
  personal,
  repeated,
  text,
  timestamp,
  uncertain,
  volatile
} from "../../src/Table.ts"

const admin_id = id("Duo's id of the administrator.")

export const admins = make({
  name: "admins",
  doc: "One row an administrator of Duo: who it is, what it may do, and how strong its factors are.",
  key: ["admin_id"],
  columns: {
    ...common,
    admin_id,
    name: personal("Full name."),
    email: personal("E-mail address, with which the administrator logs in to the Admin Panel."),
    phone: personal("The phone number that Duo has of the administrator."),
    role: text("Owner, Administrator, Help Desk, Read-only and so on, or a role that the customer made."),
    status: text("Active, Disabled, Expired (not seen for too long), Pending Activation, or what Duo invents next."),
    created_at: timestamp("When the administrator was created."),
    last_login_at: volatile(timestamp("The last login to the Admin Panel; NULL for never.")),
    password_change_required: boolean("Whether the next login has to change the password."),
    has_external_password_mgmt: uncertain(
      false,
      true,
      boolean("Whether another system sets the password; NULL where Duo's list of administrators does not say it.")
    ),
    restricted_by_admin_units: boolean("Whether the administrator may act within some administrative units only."),
    admin_units: text("Duo's ids of these units, sorted, joined by \", \"."),
    method_count: bigint("Rows of this administrator in admin_methods."),
    has_phishing_resistant: uncertain(
      false,
      true,
      boolean("Whether there is a WebAuthn credential; NULL where Duo does not list them.")
    ),
    strongest: uncertain(
      "none",
      "phishing_resistant",
      text("The strength of the strongest factor, none without one; NULL where Duo does not say enough to tell.")
    ),
    weakest: uncertain(
      "none",
      "phishing_resistant",
      text("The strength of the weakest factor, none without one; NULL where Duo does not say enough to tell.")
    ),
    only_telephony: uncertain(
      false,
      true,
      boolean("Whether text messages or calls are the strongest factor; NULL where strongest is.")
    )
  }
})

export const adminMethods = make({
  name: "admin_methods",
  doc: "One row an administrator and factor.",
  key: ["admin_id", "method_kind", "method_id"],
  columns: {
    ...common,
    admin_id,
    admin_name: repeated(personal("Full name of the administrator.")),
    email: repeated(personal("E-mail address of the administrator.")),
    role: repeated(text("The administrator's role.")),
    admin_status: repeated(text("The administrator's status.")),
    method_kind: id("phone, token or webauthn."),
    method_id: id("Duo's id of the factor; where it gives none, the kind, and a number from the second on."),
    method_type: text("Duo's type of it: Mobile, Landline, h6, t6, yk and so on."),
    name: personal("The name somebody gave it."),
    label: text("Duo's label of a WebAuthn credential."),
    platform: text("Apple iOS, Google Android and so on."),
    model: text("The device's model."),
    number: personal("Phone number."),
    extension: personal("Phone extension."),
    serial: personal("A token's serial number."),
    activated: boolean("Whether Duo Mobile is activated on the phone."),
    capabilities: text("What the phone can do in Duo's words (auto, push, sms, phone, mobile_otp), sorted."),
    can_push: boolean("Activated and capable of push; NULL for a phone of which Duo gives only the number."),
    can_otp: boolean("Makes passcodes: an activated phone with mobile_otp, or a hardware token."),
    can_sms: boolean("Gets passcodes by text message."),
    can_call: boolean("Is called."),
    strength: text(
      "phishing_resistant (webauthn), push, otp, telephony, none: the strongest use of it; NULL for a phone of which Duo gives only the number."
    ),
    strength_rank: bigint("5 for phishing_resistant down to 0 for none, as in mfa_methods."),
    enrolled_at: timestamp("When a WebAuthn credential was added."),
    last_seen_at: volatile(timestamp("When Duo Mobile last spoke to Duo.")),
    totp_step: bigint("Seconds a time-based token's passcode lives.")
  }
})
