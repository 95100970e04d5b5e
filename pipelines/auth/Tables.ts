/**
 * The two tables of the `auth` pipeline. Their sentences become the data dictionary and the COMMENTs. The facts about
 * Duo's fields come from the Admin API reference (https://duo.com/docs/adminapi#authentication-logs).
 */
import { bigint, boolean, common, id, instant, make, personal, text } from "../../src/Table.ts"

export const authentications = make({
  name: "authentications",
  doc: "One row per entry of the authentication log. An entry is identified by its transaction and its instant.",
  key: ["txid", "occurred_at"],
  log: { at: "occurred_at", rows: "events" },
  columns: {
    ...common,
    txid: id("Duo's id of the transaction. A transaction can have several entries."),
    occurred_at: instant("When it happened, to the microsecond."),
    event_type: text("authentication, enrollment, or a later value of Duo's in lower case."),
    result: text("success, denied, fraud; older entries have failure and error; in lower case."),
    reason: text("Why, in Duo's words, such as user_approved, no_response or bypass_user; in lower case."),
    factor: text("The factor as Duo names it. NULL if Duo does not say, even of some approved logins."),
    remembered_factor: text("The factor that a remembered device stands for."),
    strength: text(
      "The strength of the factor: phishing_resistant, push, otp, telephony, or none if no factor was used; NULL if the factor is missing or not known."
    ),
    used_second_factor: boolean(
      "Of a success: whether a second factor was used. It was not if the user was let in by a bypass, a policy, a remembered device or a trusted network. NULL if it was not a success."
    ),
    user_id: text("Duo's id of the user; NULL if Duo does not know the user."),
    username: personal("The name that the user logged in with."),
    user_groups: text("The names that the user's groups had then, sorted, joined by \", \"."),
    email: personal("The user's e-mail address."),
    alias: personal("The alias that the user logged in with."),
    application_id: text("Duo's id of the application."),
    application_name: text("The application's name."),
    application_destination: text("What the application led to."),
    method_id: text(
      "Duo's id of the authenticator, as in mfa_methods: of the phone, the token or the WebAuthn credential. NULL if Duo does not say."
    ),
    auth_device_name: personal("The authenticator's name, which may have a phone number."),
    auth_device_ip: personal("The authenticator's address, as Duo sent it."),
    auth_device_city: personal("The city of that address."),
    auth_device_state: personal("The state of that address."),
    auth_device_country: text("The country of that address."),
    access_device_ip: personal("The address that the login came from, as Duo sent it: some have a port."),
    access_device_hostname: personal("The name of the device that the login came from."),
    access_device_epkey: personal("Duo's id of that device."),
    access_device_city: personal("The city of that device's address."),
    access_device_state: personal("The state of that device's address."),
    access_device_country: text("The country of that device's address."),
    browser: text("The browser."),
    browser_version: text("Its version."),
    os: text("The operating system of the device that the login came from."),
    os_version: text("Its version."),
    is_encrypted: boolean("Whether that device's disk is encrypted; NULL if Duo does not know."),
    is_firewalled: boolean("Whether that device's firewall is on; NULL if Duo does not know."),
    has_password: boolean("Whether that device has a password; NULL if Duo does not know."),
    security_agents: text("The security agents on that device, with their versions, joined by \", \"."),
    trusted_endpoint_status: text("trusted, not trusted or unknown."),
    out_of_date_software: text("The software that is out of date."),
    trust_level: text("Duo's assessment of the login: LOW, NORMAL, or a later value."),
    trust_reason: text("The reason for that assessment."),
    attacks: text("The detectors that saw an attack, sorted, joined by \", \"."),
    has_passport: boolean("Whether Duo Passport is supported; NULL if Duo does not say.")
  }
})

export const factorUses = make({
  name: "factor_uses",
  doc:
    "How often each factor was used on a day, in the entries that a run added. Late entries of a day are added by later runs: the view factor_use_daily adds them up.",
  key: ["used_on", "event_type", "factor", "result", "reason"],
  log: { at: "used_on", rows: "sums" },
  columns: {
    ...common,
    used_on: instant("The midnight at which the day began (UTC)."),
    event_type: id("As in authentications; unknown if Duo does not say."),
    factor: id("As in authentications; unknown if Duo does not say."),
    result: id("As in authentications; unknown if Duo does not say."),
    reason: id("As in authentications; unknown if Duo does not say."),
    strength: text("As in authentications."),
    used_second_factor: boolean("As in authentications."),
    uses: bigint("The number of entries.")
  }
})
