/** Oddities of entries that recorded authentication logs have, each as a change of an ordinary entry. */
import { isObject, type JsonObject } from "../people/PythonJson.ts"

export interface LogOddity {
  readonly name: string
  readonly of: (entry: JsonObject) => JsonObject
}

const fields = (name: string, changes: JsonObject): LogOddity => ({
  name,
  of: (entry) => ({ ...entry, ...changes })
})

const inside = (name: string, field: string, changes: JsonObject): LogOddity => ({
  name,
  of: (entry) => {
    const before = entry[field]
    return { ...entry, [field]: { ...isObject(before) ? before : {}, ...changes } }
  }
})

const without = (name: string, ...gone: ReadonlyArray<string>): LogOddity => ({
  name,
  of: (entry) => Object.fromEntries(Object.entries(entry).filter(([field]) => !gone.includes(field)))
})

const ips = [
  "203.0.113.7:1234",
  "[2001:db8::7]:1234",
  "2001:db8::7#1234",
  "2001:db8::7p1234",
  "2001:db8::7:1234",
  "2001:db8::7 port 1234",
  "2001:db8::7.1234"
]

export const oddities: ReadonlyArray<LogOddity> = [
  fields("an enrollment", { event_type: "enrollment", factor: "not_available", reason: null }),
  fields("no factor, and yet approved", { factor: null, reason: "user_approved", result: "success" }),
  fields("upper case, as in v1", { result: "FAILURE", factor: "Duo Push", reason: "User mistake" }),
  fields("a factor that nobody knows", { factor: "carrier_pigeon" }),
  fields("a remembered factor", {
    factor: "remembered_device",
    remembered_factor: "duo_push",
    reason: "remembered_device"
  }),
  fields("no e-mail address and no alias", { email: null, alias: null }),
  fields("an unknown e-mail address", { email: "unknown", alias: "unknown" }),
  inside("a key as the name of the device", "auth_device", { name: "WAODDODDODDODDODDODD", key: null }),
  inside("a destination of the application", "application", { destination_name: "vpn.example.com" }),
  ...ips.map((ip) => inside(`the address ${ip}`, "access_device", { ip })),
  inside("unknown security agents", "access_device", { security_agents: "unknown" }),
  inside("no security agents", "access_device", { security_agents: null }),
  inside("a security agent", "access_device", { security_agents: [{ security_agent: "Cisco AMP", version: "1.2" }] }),
  inside("an endpoint", "access_device", { epkey: "EPODDODDODDODDODDODD", hostname: "laptop-7" }),
  fields("no devices", { access_device: null, auth_device: null }),
  without("missing objects", "access_device", "auth_device", "adaptive_trust_assessments", "alias", "email"),
  fields("an assessment", {
    adaptive_trust_assessments: {
      more_secure_auth: {
        trust_level: "LOW",
        reason: "Unusual location",
        policy_enabled: true,
        preview_mode_enabled: false,
        model_version: "2022.07.19.001",
        features_version: "3.0",
        detected_attack_detectors: ["UNREALISTIC_TRAVEL"]
      },
      remember_me: { trust_level: "NORMAL", reason: "Known access IP", policy_enabled: false, model_version: "2" }
    }
  }),
  fields("an attack", {
    rbfs_triggered_attacks: [{
      detector: "PUSH_SPRAY",
      detected_occurrences: 4,
      shadow_mode: false,
      suppressed: false,
      country_code_current: "CH",
      unrealistic_travel_velocity: 1200.5
    }]
  }),
  fields("a passport and a session", {
    passport_assessment: { is_supported: false, reason: "DEVICE_HEALTH_NOT_INSTALLED" },
    trusted_session_info: { trusted_session_uuid: "00000000-0000-4000-8000-000000000000" }
  }),
  fields("trusted endpoint and outdated software", { trusted_endpoint_status: "trusted", ood_software: "Chrome 90" }),
  {
    name: "an instant without a fraction",
    of: (entry) => ({ ...entry, isotimestamp: String(entry["isotimestamp"]).replace(/\.\d+/, "") })
  },
  without("only seconds", "isotimestamp"),
  inside("a user without groups", "user", { groups: null }),
  fields("no user", { user: null }),
  fields("a client's own fields", { eventtype: "authentication", host: "api-example.duosecurity.com" })
]
