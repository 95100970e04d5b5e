/**
 * The columns of a policy's settings, which the tables of two pipelines have. Their names are Duo's own where Duo's are
 * clear alone; policies.sql makes their cells. The facts about the settings come from the Admin API reference
 * (https://duo.com/docs/adminapi#policy-section-data).
 */
import { bigint, boolean, text } from "../Table.ts"

const allows = (method: string) => boolean(`Whether users may authenticate with ${method}.`)

export const settings = {
  user_auth_behavior: text("enforce (Duo asks for MFA), bypass (nobody is asked for MFA) or deny (nobody may log in)."),
  new_user_behavior: text(
    "What happens to users who are not enrolled: enroll, no-mfa (they log in without MFA) or deny."
  ),
  allowed_auth_list: text("The methods that Duo lists as allowed, in Duo's words, sorted."),
  blocked_auth_list: text(
    "The methods that Duo lists as blocked. By Duo's reference, a method that is not blocked is allowed."
  ),
  allows_duo_push: allows("Duo Push"),
  allows_duo_push_pwl: allows("Duo Push without a password"),
  allows_webauthn_platform: allows("a platform authenticator, such as Touch ID or Windows Hello"),
  allows_webauthn_platform_pwl: allows("a platform authenticator without a password"),
  allows_webauthn_roaming: allows("a security key"),
  allows_webauthn_roaming_pwl: allows("a security key without a password"),
  allows_desktop: allows("Duo Desktop"),
  allows_duo_passcode: allows("a passcode of Duo Mobile"),
  allows_hardware_token: allows("a passcode of a hardware token"),
  allows_sms: allows("a passcode by text message"),
  allows_phonecall: allows("a phone call"),
  allows_bypass: allows("a bypass code"),
  allows_bypass_pwl: allows("a bypass code without a password"),
  strongest_allowed: text(
    "The strength of the strongest allowed method, as in mfa_methods, bypass codes aside; none if no method is allowed."
  ),
  weakest_allowed: text(
    "The strength of the weakest allowed method, which an attacker would choose, bypass codes aside."
  ),
  require_verified_push: boolean("Whether Duo Push asks for a code that the login page shows."),
  verified_push_digits: bigint("How many digits that code has."),
  limit_to_risk_based_auth_methods: boolean("Whether Duo asks for a stronger method if a login looks risky."),
  remembers_browsers: boolean("Whether users may have a browser remembered, and are not asked for MFA in it."),
  remember_method: text("user-based (the user chooses) or risk-based (Duo decides)."),
  remembered_browser_hours: bigint("For how many hours a browser is remembered; NULL also if none is."),
  remembers_windows_logon: boolean("Whether Duo for Windows Logon remembers a device."),
  remembered_windows_hours: bigint("For how many hours it remembers the device; NULL also if it does not."),
  has_no_2fa_networks: boolean("Whether there are networks from which users log in without MFA."),
  no_2fa_networks: text("These networks: addresses, ranges and CIDR, sorted. Duo Panel: authorized networks."),
  no_2fa_requires_enrollment: boolean("Whether users who are not enrolled must enroll, even from these networks."),
  mfa_required_networks: text("The networks from which users need MFA."),
  blocked_networks: text("The networks from which nobody may log in."),
  deny_other_access: boolean("Whether nobody may log in from other networks than these."),
  anonymous_access_behavior: text(
    "For anonymous IP addresses, such as Tor and proxies: no-action, require-mfa or deny."
  ),
  location_default_action: text(
    "For countries without a rule: ignore-location, allow-access-no-2fa, require-mfa or deny-access."
  ),
  has_no_2fa_countries: boolean("Whether there are countries from which users log in without MFA."),
  no_2fa_countries: text("The codes of these countries, sorted."),
  mfa_required_countries: text("The countries from which users need MFA."),
  denied_countries: text("The countries from which nobody may log in."),
  ignored_countries: text("The countries for which the location makes no difference."),
  trusted_endpoint_checking: text(
    "Whether only trusted endpoints may log in: allow-all, require-trusted or not-configured."
  ),
  trusted_endpoint_checking_mobile: text("The same for mobile devices.")
}
