/** The views over the tables of several pipelines. A pipeline reads their SQL from the files beside, in `joined/`. */
import type { JoinedViews } from "../Pipeline.ts"

/** What the policies permit users, and the weakest way in that each of them has. */
export const permitted = (sql: string): JoinedViews => ({
  name: "permitted",
  tables: ["users", "mfa_methods", "user_groups", "integrations", "application_policies"],
  sql
})

/** What users have, and what they log in with. */
export const used = (sql: string): JoinedViews => ({
  name: "used",
  tables: ["users", "mfa_methods", "authentications"],
  sql
})
