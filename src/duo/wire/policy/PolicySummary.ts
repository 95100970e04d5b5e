/**
 * Describes Duo's summary of policies: https://duo.com/docs/adminapi#summarize-policies. It says where each policy is
 * applied: to applications, or to groups in applications. It has no pages, and may be truncated.
 */
import type { Schema } from "effect"
import { listDecoder } from "../Decoder.ts"
import { textOr } from "../Spellings.ts"
import { Flag, Id, Int, List, object, Text } from "../Wire.ts"

/** A group. Duo's reference does not show whether it is an object or a text, so both are accepted. */
const Group = textOr("group_id", object({ group_id: Text, group_name: Text }))

const Target = object({
  /** `app`: everybody who logs in to the application. `group_app`: only the groups. */
  apply_type: Text,
  app_integration_key: Text,
  /** The place among the application's policies for groups. The policy on top applies to a user who is in several. */
  group_position: Int,
  groups: List(Group)
}, { ignored: ["app_name"] })

export const PolicySummary = object({
  policy_key: Id,
  policy_name: Text,
  policy_applies_to: List(Target)
})
export interface PolicySummary extends Schema.Schema.Type<typeof PolicySummary> {}

const Summary = object({
  policies: List(PolicySummary),
  policy_count: Int,
  response_is_truncated: Flag
}, { ignored: ["warnings"] })

const decode = listDecoder(Summary)

/** Checks and reads the `response` of the summary. */
export const decodeSummary = (response: unknown) => decode([response])
