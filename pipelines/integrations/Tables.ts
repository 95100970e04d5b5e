/**
 * The two tables of the `integrations` pipeline. Their sentences become the data dictionary and the COMMENTs. The facts
 * about Duo's fields come from the Admin API reference (https://duo.com/docs/adminapi#integrations), and the order of the
 * policies from Duo's documentation of policies (https://duo.com/docs/policy): a group's policy counts before the
 * application's, and that before the global policy, section by section.
 */
import { settings } from "../../src/duo/PolicySettings.ts"
import { bigint, boolean, common, id, make, personal, repeated, text, uncertain } from "../../src/Table.ts"

const integration_key = id("Duo's id of the application, which is not secret. Its secret key is never read.")

export const integrations = make({
  name: "integrations",
  doc: "One row per application that Duo protects, and per application that reads Duo: who may use it, and its policy.",
  key: ["integration_key"],
  columns: {
    ...common,
    integration_key,
    name: text("The application's name."),
    type: text("Duo's type of the application: adminapi, websdk, rdp, sso-generic and so on."),
    notes: personal("An administrator's note about the application."),
    user_access: text("Who may use it: ALL_USERS, NO_USERS or PERMITTED_GROUPS."),
    groups_allowed: text(
      "Duo's ids of the groups that may use it, sorted, joined by \", \"; NULL if it is not limited to groups."
    ),
    policy_key: text("The application's own policy; NULL if it has none, so that the global policy applies."),
    has_group_policies: uncertain(
      false,
      true,
      boolean("Whether some groups have a policy of their own for it; NULL if the run could not read all of these.")
    ),
    self_service_allowed: boolean("Whether users may change their devices in its prompt."),
    username_normalization_policy: text(
      "None, or Simple: Duo drops the domain of a username before it looks for the user."
    ),
    frameless_auth_prompt_enabled: boolean("Whether the application supports the Universal Prompt."),
    prompt_v4_enabled: boolean("Whether the Universal Prompt is on."),
    networks_for_api_access: text("For an API: the networks that may use it, sorted; NULL also if it is not limited."),
    adminapi_permissions: text("For an Admin API: Duo's names of its permissions, sorted.")
  }
})

export const applicationPolicies = make({
  name: "application_policies",
  doc:
    "One row per application for everyone, and one per application and group with a policy of its own. The settings are those that apply after all policies: the group's, the application's and the global one. NULL means that Duo does not say it.",
  key: ["integration_key", "applies_to"],
  columns: {
    ...common,
    integration_key,
    application_name: repeated(text("The application's name.")),
    application_type: repeated(text("Duo's type of the application.")),
    user_access: repeated(text("Who may use it: ALL_USERS, NO_USERS or PERMITTED_GROUPS.")),
    applies_to: id("everyone, which leaves out the groups of other rows, or Duo's id of a group."),
    group_id: text("Duo's id of the group, as in user_groups; NULL for everyone."),
    group_name: text("The group's name, if Duo gives it."),
    group_position: bigint("For a user in several of these groups, the policy with the lowest position applies."),
    policy_level: text("Whose policy counts first: group, application or global."),
    policy_key: text("The key of this policy; NULL if Duo does not say which policy is global."),
    policy_name: text("The name of this policy."),
    ...settings
  }
})
