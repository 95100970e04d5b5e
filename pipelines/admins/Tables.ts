/**
 * The two tables of the `admins` pipeline. Their sentences become the data dictionary and the COMMENTs. The facts about
 * Duo's fields come from the Admin API reference (https://duo.com/docs/adminapi#administrators).
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
  doc: "One row per administrator of Duo: identity, role, and the strength of the factors.",
  key: ["admin_id"],
  columns: {
    ...common,
    admin_id,
    name: personal("Full name."),
    email: personal("The e-mail address with which the administrator logs in to the Admin Panel."),
    phone: personal("The administrator's phone number."),
    role: text("Owner, Administrator, Help Desk, Read-only and so on, or a role that the customer created."),
    status: text(
      "Active, Disabled, Expired (not logged in for too long), Pending Activation, or a later value of Duo's as it came."
    ),
    created_at: timestamp("When the administrator was created."),
    last_login_at: volatile(timestamp("The last login to the Admin Panel; NULL if there was none.")),
    password_change_required: boolean("Whether the administrator must change the password at the next login."),
    has_external_password_mgmt: uncertain(
      false,
      true,
      boolean("Whether another system sets the password; NULL if Duo's list of administrators does not say it.")
    ),
    restricted_by_admin_units: boolean("Whether the administrator is restricted to some administrative units."),
    admin_units: text("Duo's ids of those units, sorted, joined by \", \"."),
    method_count: bigint("Number of the administrator's rows in admin_methods."),
    has_phishing_resistant: uncertain(
      false,
      true,
      boolean("Whether the administrator has a WebAuthn credential; NULL if Duo does not list them.")
    ),
    strongest: uncertain(
      "none",
      "phishing_resistant",
      text("The strength of the strongest factor; 'none' without factors; NULL if Duo does not say enough.")
    ),
    weakest: uncertain(
      "none",
      "phishing_resistant",
      text("The strength of the weakest factor; 'none' without factors; NULL if Duo does not say enough.")
    ),
    only_telephony: uncertain(
      false,
      true,
      boolean("Whether text messages or calls are the strongest factor; NULL if strongest is NULL.")
    )
  }
})

export const adminMethods = make({
  name: "admin_methods",
  doc: "One row per administrator and factor.",
  key: ["admin_id", "method_kind", "method_id"],
  columns: {
    ...common,
    admin_id,
    admin_name: repeated(personal("Full name of the administrator.")),
    email: repeated(personal("E-mail address of the administrator.")),
    role: repeated(text("The administrator's role.")),
    admin_status: repeated(text("The administrator's status.")),
    method_kind: id("phone, token or webauthn."),
    method_id: id(
      "Duo's id of the factor. Factors without an id are named after their kind: phone, phone 2 and so on."
    ),
    method_type: text(
      "Duo's type of the authenticator: Mobile or Landline; of a token, d1 (Duo D-100), h6 or h8 (HOTP, 6 or 8 digits), t6 or t8 (TOTP, 6 or 8 digits) or yk (a YubiKey that types passcodes)."
    ),
    name: personal("The name that somebody gave the authenticator."),
    label: text("Duo's label of a WebAuthn credential."),
    platform: text("Apple iOS, Google Android and so on."),
    model: text("The device's model."),
    number: personal("Phone number."),
    extension: personal("Phone extension."),
    serial: personal("A token's serial number."),
    activated: boolean("Whether Duo Mobile is activated on the phone."),
    capabilities: text("What the phone can do in Duo's words (auto, push, sms, phone, mobile_otp), sorted."),
    can_push: boolean(
      "Whether it approves pushes: an activated phone with the capability push. NULL if Duo gives only the phone's number."
    ),
    can_otp: boolean(
      "Whether it makes passcodes: an activated phone with the capability mobile_otp, or a hardware token."
    ),
    can_sms: boolean("Whether it gets passcodes by text message."),
    can_call: boolean("Whether Duo can call it."),
    strength: text(
      "The strength of its strongest use: phishing_resistant (webauthn), push, otp, telephony or none. NULL if Duo gives only the phone's number."
    ),
    strength_rank: bigint(
      "The strength as a number, from 5 for phishing_resistant down to 0 for none, as in mfa_methods."
    ),
    enrolled_at: timestamp("When a WebAuthn credential was added."),
    last_seen_at: volatile(
      timestamp(
        "When Duo Mobile last contacted Duo. NULL means not known, not stale."
      )
    ),
    totp_step: bigint("Seconds for which a time-based token's passcode is valid.")
  }
})
