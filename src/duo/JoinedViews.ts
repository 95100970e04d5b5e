/** The views over the tables of several pipelines. A pipeline reads their SQL from the files beside, in `joined/`. */
import type { JoinedViews } from "../Pipeline.ts"

/** The methods that policies permit to users, and the weakest way in that each user has. */
export const permitted = (sql: string): JoinedViews => ({
  name: "permitted",
  tables: ["users", "mfa_methods", "user_groups", "integrations", "application_policies"],
  sql
})

/** The methods that users have, and the factors that they log in with. */
export const used = (sql: string): JoinedViews => ({
  name: "used",
  tables: ["users", "mfa_methods", "authentications"],
  sql
})
