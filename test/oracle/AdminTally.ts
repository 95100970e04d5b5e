/**
 * The rows and the facts of one extraction of administrators. The facts are counts, and notes on unknown values and
 * fields.
 */
import { adminMethods, admins } from "../../pipelines/admins/Tables.ts"
import type { Admin } from "../../src/duo/wire/Admin.ts"
import type { Facts as RunFacts } from "../../src/Outcome.ts"
import * as Unknown from "../../src/run/Unknown.ts"
import type { Batch, Stamp } from "../../src/Table.ts"
import { flatten } from "./AdminFlatten.ts"
import * as Facts from "./Facts.ts"
import * as Fields from "./Fields.ts"
import { Unknowns } from "./Known.ts"
import type { Decoded } from "./Tally.ts"

const statuses = new Set(["active", "disabled", "expired", "pending activation"])

/** The unknown values of an administrator. The role is not checked, because customers make their own roles. */
export const unknownValues = ({ hardtoken, phone_details, status }: Admin): ReadonlyArray<string> => {
  const unknown = new Unknowns()
  unknown.look("administrator status", status, statuses)
  if (hardtoken !== null) unknown.token(hardtoken)
  for (const phone of phone_details ?? []) unknown.phone(phone)
  return unknown.found
}

export interface Tally {
  readonly admins: (page: Decoded<Admin>) => Batch
  readonly facts: (sent: Facts.Sent, list: Facts.Read) => RunFacts
}

export const make = (stamp: Stamp): Tally => {
  const unknown = Unknown.make()
  const fields = Fields.make()
  let phishingResistant = 0
  return {
    admins: ({ unknownFields, values }) => {
      for (const field of unknownFields) unknown.value(`unknown field of an administrator: ${field}`, 1)
      fields.count(admins.name, values)
      for (const value of values.flatMap(unknownValues)) unknown.value(value, 1)
      const rows = values.map((admin) => flatten(stamp, admin))
      for (const { admins: [admin] } of rows) if (admin?.has_phishing_resistant === true) phishingResistant++
      return {
        [admins.name]: rows.flatMap((_) => _.admins),
        [adminMethods.name]: rows.flatMap((_) => _.admin_methods)
      }
    },

    facts: (sent, list) =>
      Facts.make({
        stamp,
        sent,
        lists: [list],
        collected: [admins, adminMethods],
        refused: [],
        unknown,
        contradictions: Unknown.make(),
        fields: fields.counted(),
        counts: [{
          name: "phishing_resistant",
          words: "with a phishing-resistant factor",
          count: phishingResistant
        }]
      })
  }
}
