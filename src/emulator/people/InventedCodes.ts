/**
 * Invents bypass codes: every 33rd user has one, then two, then three of them. So the c-th code of a tenant and its
 * owner can be made without making other users.
 */
import { Dice, mix } from "./Dice.ts"
import { type InventedTenant, kinds } from "./Methods.ts"
import { dumps, type JsonObject, record } from "./PythonJson.ts"

const everyNthUser = 33
const firstOwner = 7
/** Three consecutive owners have 1, 2 and 3 codes. This list has the owner of each of these six codes. */
const owners = [0, 1, 1, 2, 2, 2]

/** The number of codes of the n-th user. */
export const codesOf = (n: number): number =>
  n % everyNthUser === firstOwner ? 1 + (Math.floor(n / everyNthUser) % 3) : 0

/** The number of codes of the first n users together. */
export const codesAmong = (users: number): number => {
  const holders = Math.max(0, Math.ceil((users - firstOwner) / everyNthUser))
  const rest = holders % 3
  return Math.floor(holders / 3) * 6 + (rest === 0 ? 0 : rest === 1 ? 1 : 3)
}

/** The number of the user who owns the c-th code. */
export const ownerOf = (code: number): number =>
  (Math.floor(code / 6) * 3 + (owners[code % 6] ?? 0)) * everyNthUser + firstOwner

/** The number of a user's first code. */
export const firstCodeOf = (n: number): number => codesAmong(n)

/** The fields of its user that a code has. */
const carried = ["created", "email", "is_enrolled", "last_login", "realname", "status", "user_id", "username"]

/** The JSON text of the c-th code. */
export const bypassCode = (ground: InventedTenant, code: number, owner: JsonObject): string => {
  const dice = new Dice(mix(ground.seed ^ 0xb1ba55, code))
  const created = ground.epoch - 60 - dice.below(30 * 86_400)
  const expiration = ["null", String(created + 3600), String(ground.epoch + 86_400 * (1 + dice.below(30)))][code % 3]
  const reuse = ["1", "null", "10"][dice.below(3)]
  return record([
    ["admin_email", dice.chance(20) ? `""` : `"helpdesk@example.com"`],
    ["bypass_code_id", `"${kinds(ground.seed).bypassCodes.of(code)}"`],
    ["created", String(created)],
    ["expiration", expiration ?? "null"],
    ["reuse_count", reuse ?? "null"],
    ["user", dumps(Object.fromEntries(carried.flatMap((name) => name in owner ? [[name, owner[name] ?? null]] : [])))]
  ])
}
