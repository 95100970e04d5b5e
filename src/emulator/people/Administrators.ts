/** Invents administrators of Duo, as JSON text with sorted keys. Each is a function of (seed, number), as users are. */
import { Dice, mix } from "./Dice.ts"
import { ago, type InventedTenant, kinds, phone, token, webauthn } from "./Methods.ts"
import { quote, record } from "./PythonJson.ts"
import { nameAt } from "./tables/PeopleTables.ts"

/** The default number of administrators of a tenant. */
export const defaultCount = 8

/** Numbers of methods that no user has. */
const first = 2_000_000

/**
 * The JSON text of the n-th administrator; the first is an owner. Where older forms occur, every fourth has Duo's older
 * form, without lists.
 */
export const administrator = (ground: InventedTenant, n: number): string => {
  const dice = new Dice(mix(ground.seed ^ 0xad313, n))
  const { tables } = ground
  const [given, family] = nameAt(tables, dice.below(1_000_000))
  const status = n === 0 ? "Active" : dice.pick(tables.administratorStatuses)
  const isOld = !tables.isOneForm && n % 4 === 3
  const restricted = n > 0 && dice.chance(30)
  const created = ago(dice, ground.epoch, 1500)
  const number = `"${tables.numberOf(dice, "Mobile")}"`
  const hasToken = dice.chance(25)
  const details = dice.chance(75) ? `[${phone(ground, first + n, dice)}]` : "[]"
  const credentials = dice.chance(60) ? `[${webauthn(ground, first + n, dice)}]` : "[]"
  return record([
    ["admin_id", `"${kinds(ground.seed).administrators.of(n)}"`],
    ["admin_units", restricted ? `["${kinds(ground.seed).units.of(n)}", "${kinds(ground.seed).units.of(0)}"]` : "[]"],
    ["created", String(created)],
    ["email", `"${given.slug}.${family.slug}@example.com"`],
    ["hardtoken", hasToken ? token(ground, first + n, dice) : "null"],
    ["last_login", status === "Pending Activation" ? "null" : String(Math.max(created, ago(dice, ground.epoch, 120)))],
    ["name", `"${given.json} ${family.json}"`],
    ["password_change_required", String(dice.chance(10))],
    ["phone", isOld || details !== "[]" ? number : "null"],
    ["restricted_by_admin_units", String(restricted)],
    ["role", quote(n === 0 ? "Owner" : dice.pick(tables.roles))],
    ["status", quote(status)],
    ...isOld ? [] : [["phone_details", details] as const, ["webauthncredentials", credentials] as const]
  ])
}
