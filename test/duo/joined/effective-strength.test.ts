/** `weakest_permitted` and `effective_strength`, over users, methods and policies that are made up for each promise. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, type Cells, everything, open, type World } from "./worlds.ts"

const none = Object.fromEntries(
  Object.keys(open).filter((name) => name.startsWith("allows_")).map((name) => [name, false])
)
const unknown = Object.fromEntries(Object.keys(open).map((name) => [name, null]))

const told: ReadonlyArray<readonly [promise: string, world: World, expected: string]> = [
  ["the weakest method that is permitted counts", {}, "true, telephony, telephony, phone call"],
  [
    "a blocked method does not count",
    { policy: { allows_phonecall: false } },
    "true, telephony, telephony, text message"
  ],
  [
    "a passcode is weaker than a push",
    { policy: { allows_phonecall: false, allows_sms: false } },
    "true, otp, otp, Duo Mobile passcode"
  ],
  [
    "only what the user has counts",
    { methods: everything.slice(1, 2) },
    "true, phishing_resistant, phishing_resistant, WebAuthn"
  ],
  [
    "a hardware token is not a passcode of Duo Mobile",
    { policy: { ...none, allows_duo_passcode: true }, methods: everything.slice(2, 3) },
    "false, ?, ?, ?"
  ],
  [
    "Duo Push without a password is Duo Push",
    { policy: { ...none, allows_duo_push_pwl: true } },
    "true, push, push, Duo Push"
  ],
  [
    "Duo Desktop counts",
    { policy: { ...none, allows_desktop: true } },
    "true, device_bound, device_bound, Duo Desktop"
  ],
  ["there is no way in without a permitted method", { policy: none }, "false, ?, ?, ?"],
  ["a policy that denies everyone lets nobody in", { policy: { user_auth_behavior: "deny" } }, "false, ?, ?, ?"],
  [
    "a policy that asks for nothing needs nothing",
    { policy: { user_auth_behavior: "bypass" } },
    "true, none, none, no MFA asked for"
  ],
  [
    "so does a location rule for all other countries",
    { policy: { location_default_action: "allow-access-no-2fa" } },
    "true, none, none, no MFA asked for in most countries"
  ],
  [
    "a user on bypass needs nothing",
    { user: { is_active: false, is_bypass: true, bypass_reason: "status" } },
    "true, none, none, bypass status"
  ],
  [
    "it is not known whether bypass or deny counts",
    { user: { is_bypass: true, bypass_reason: "group" }, policy: { user_auth_behavior: "deny" } },
    "?, ?, none, bypass status"
  ],
  [
    "a bypass code counts where bypass codes are permitted",
    { user: { is_bypass: true, bypass_reason: "code" }, policy: { allows_bypass: true } },
    "true, none, none, bypass code"
  ],
  [
    "and nowhere else",
    { user: { is_bypass: true, bypass_reason: "code" } },
    "true, telephony, telephony, phone call"
  ],
  [
    "if bypass codes could not be read, a code may be a weaker way",
    { user: { is_bypass: null }, policy: { allows_bypass: true } },
    "true, ?, telephony, phone call"
  ],
  [
    "if bypass codes are not permitted, that does not matter",
    { user: { is_bypass: null } },
    "true, telephony, telephony, phone call"
  ],
  [
    "a user who is not enrolled may be let in",
    { user: { is_enrolled: false }, methods: [], policy: { new_user_behavior: "no-mfa" } },
    "true, none, none, not enrolled, let in"
  ],
  [
    "somebody else who has the password may enroll a device",
    { user: { is_enrolled: false }, methods: [], policy: { new_user_behavior: "enroll" } },
    "true, none, none, not enrolled, may enroll"
  ],
  ["or is sent away", { user: { is_enrolled: false }, methods: [] }, "false, ?, ?, ?"],
  [
    "if the policy does not say whether a weaker method is permitted, the strength is not known",
    { policy: { allows_phonecall: false, allows_sms: null } },
    "true, ?, otp, Duo Mobile passcode"
  ],
  [
    "if it does not say whether a stronger one is permitted, that does not matter",
    { policy: { allows_duo_push: null, allows_duo_push_pwl: null } },
    "true, telephony, telephony, phone call"
  ],
  [
    "a credential may be of the kind that is not permitted",
    { policy: { ...none, allows_webauthn_roaming: true }, methods: everything.slice(1, 2) },
    "?, ?, ?, ?"
  ],
  ["nothing is known of a policy that is not known", { policy: unknown }, "?, ?, ?, ?"],
  [
    "the policy of a group counts before that of everyone",
    { groups: ["DGa"], groupPolicies: [{ group_id: "DGa", ...none, allows_duo_push: true }] },
    "true, push, push, Duo Push"
  ],
  [
    "not for users outside of the group",
    { groups: ["DGb"], groupPolicies: [{ group_id: "DGa", ...none, allows_duo_push: true }] },
    "true, telephony, telephony, phone call"
  ],
  [
    "of two groups, the lowest position counts",
    {
      groups: ["DGa", "DGb"],
      groupPolicies: [
        { group_id: "DGa", group_position: 2, ...none, allows_duo_push: true },
        { group_id: "DGb", group_position: 1, ...none, allows_desktop: true }
      ]
    },
    "true, device_bound, device_bound, Duo Desktop"
  ]
]

const admitted: ReadonlyArray<readonly [promise: string, world: World, expected: ReadonlyArray<unknown>]> = [
  ["an application for all users", {}, [true]],
  ["an application for nobody", { application: { user_access: "NO_USERS" } }, []],
  [
    "an application for a group of the user's",
    { application: { user_access: "PERMITTED_GROUPS", groups_allowed: "DGa, DGb" }, groups: ["DGb"] },
    [true]
  ],
  [
    "an application for other groups",
    { application: { user_access: "PERMITTED_GROUPS", groups_allowed: "DGa" }, groups: ["DGb"] },
    []
  ],
  ["an application of which Duo does not say it", { application: { user_access: null } }, [null]],
  ["a user who cannot log in", { user: { is_active: false } }, []]
]

describe("effective_strength", () => {
  let found: ReadonlyArray<ReadonlyArray<string>> = []
  beforeAll(async () => {
    const query = "SELECT tenant, can_log_in, effective_strength, at_most, weakest_way FROM effective_strength"
    const worlds = await Effect.runPromise(ask(query, told.map(([_, world]) => world)))
    found = worlds.map((rows) => rows.map((row) => row.map((cell) => cell === null ? "?" : String(cell)).join(", ")))
  })

  for (const [n, [promise, _, expected]] of told.entries()) {
    it(promise, () => assert.deepStrictEqual(found[n], [expected]))
  }

  it.effect("says where no method is asked for", () =>
    Effect.gen(function*() {
      const rows = yield* ask("SELECT tenant, no_method_from, effective_strength FROM effective_strength", [{
        policy: { has_no_2fa_networks: true, has_no_2fa_countries: true, remembers_browsers: true }
      }])
      assert.deepStrictEqual(rows, [[["networks, countries, remembered browsers", "telephony"]]])
    }))
})

describe("weakest_permitted", () => {
  it.effect("has a row for each application that the user may use, or may be able to use", () =>
    Effect.gen(function*() {
      const found = yield* ask("SELECT tenant, is_admitted FROM weakest_permitted", admitted.map(([_, world]) => world))
      for (const [n, [promise, _, expected]] of admitted.entries()) {
        assert.deepStrictEqual(found[n]?.flat(), expected, promise)
      }
    }))

  it.effect("is of the policy, whatever the user has", () =>
    Effect.gen(function*() {
      const policies: ReadonlyArray<Cells> = [
        {},
        { user_auth_behavior: "bypass" },
        { user_auth_behavior: "deny" },
        { user_auth_behavior: null }
      ]
      const found = yield* ask(
        "SELECT tenant, weakest_permitted FROM weakest_permitted",
        policies.map((policy) => ({ policy, methods: [] }))
      )
      assert.deepStrictEqual(found.flat(2), ["telephony", "none", null, null])
    }))
})
