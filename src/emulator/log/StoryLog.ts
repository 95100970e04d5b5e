/** The logins of a story: on each day its users log in with the authenticators that they have on that day. */
import { seedOf } from "../people/Dice.ts"
import type * as Story from "../people/Story.ts"
import type { Tenant } from "../people/Tenant.ts"
import * as LoginLog from "./LoginLog.ts"

/** The days of the story on which somebody is asked for one push after another. */
const attackedOn = [11, 24]

/** `tenantOn` gives the tenant on a day of the story, from 0. */
export const make = ({ epoch, seed }: Story.Story, tenantOn: (day: number) => Tenant) => {
  const firstDay = epoch / 86_400
  return LoginLog.make({
    seed: seedOf(seed),
    firstDay,
    isAttacked: (day) => attackedOn.includes(day - firstDay),
    users: (day) => {
      const { size, user } = tenantOn(day - firstDay)
      return { size: size(), user }
    }
  })
}
