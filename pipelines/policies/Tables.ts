/**
 * The table of the `policies` pipeline. Its sentences become the data dictionary and the COMMENTs. The facts about Duo's
 * fields come from the Admin API reference (https://duo.com/docs/adminapi#policies).
 */
import { settings } from "../../src/duo/PolicySettings.ts"
import { boolean, common, id, make, text } from "../../src/Table.ts"

export const policies = make({
  name: "policies",
  doc:
    "One row per policy, with its own settings. NULL means that the policy does not set it, or that Duo does not say it. What a policy does not set, the next one sets: see application_policies.",
  key: ["policy_key"],
  columns: {
    ...common,
    policy_key: id("Duo's id of the policy."),
    policy_name: text("The policy's name."),
    is_global_policy: boolean("Whether it is the one policy that counts where no other policy sets something."),
    sections: text("Duo's names of the sections that the policy sets, of those that have columns here, sorted."),
    ...settings
  }
})
