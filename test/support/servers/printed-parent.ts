/** The line that an emulated parent account prints when it listens. */
import { Schema } from "effect"

export const PrintedParent = Schema.fromJsonString(Schema.Struct({
  host: Schema.String,
  ikey: Schema.String,
  skey: Schema.String,
  children: Schema.Array(Schema.Struct({ account_id: Schema.String, host: Schema.String, name: Schema.String }))
}))
