/** The names that messages give to the settings of a tenant, so that a person finds them where they were written. */
import { Context, Schema } from "effect"

export const SettingNames = Schema.Struct({
  host: Schema.String,
  ikey: Schema.String,
  skey: Schema.String,
  skeyFile: Schema.String,
  accountId: Schema.String
})
export interface SettingNames extends Schema.Schema.Type<typeof SettingNames> {}

/** The names in the environment and in `.env`. */
export const inEnvironment: SettingNames = {
  host: "DUO_HOST",
  ikey: "DUO_IKEY",
  skey: "DUO_SKEY",
  skeyFile: "DUO_SKEY_FILE",
  accountId: "DUO_ACCOUNT_ID"
}

/** The names of the settings that are read now. */
export const CurrentNames = Context.Reference<SettingNames>("duo-mfa/duo/SettingNames", {
  defaultValue: () => inEnvironment
})
