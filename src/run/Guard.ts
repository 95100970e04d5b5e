/**
 * Compares a run with the runs before it, whichever sinks it has. If many rows or values vanish overnight, a mistake of
 * the source is more likely than the truth, so such a run is refused until a person agrees to it.
 */
import { Array, Effect } from "effect"
import { refusal, type ShrinkLimits } from "../failure/Shrink.ts"
import { collectedTables, type Filled, objectsOf, type Outcome } from "../Outcome.ts"
import type { Table } from "../Table.ts"
import type { Manifests } from "./publish/Manifest.ts"
import type { Manifest } from "./publish/ManifestFile.ts"
import { Emptied, RunError, Vanished } from "./RunError.ts"

/** If a table had more rows than this, it is suspicious when it is empty. */
const suspiciouslyEmpty = 100

/** If fewer objects than this had a value in a field, somebody may have emptied them by hand. */
const leastFilled = 10

/** If most objects had a value in a field, this percentage of the values may vanish. */
const emptiedPercentMax = 90

const shareOf = ({ filled, of }: Filled) => filled / Math.max(of, 1)

const isVanished = (before: Filled, now: Filled, maxShrink: number) =>
  now.of > 0 && before.filled >= leastFilled && shareOf(before) >= 0.5 &&
  100 * (1 - shareOf(now) / shareOf(before)) > Math.max(maxShrink, emptiedPercentMax)

const vanished = (before: Manifest, outcome: Outcome, { maxShrink }: ShrinkLimits) =>
  Object.entries(before.fields).flatMap(([field, had]) => {
    const now = outcome.fields[field]
    return now !== undefined && isVanished(had, now, maxShrink) ? [{ field, before: had, now }] : []
  })

/**
 * How many rows fewer each table has. A row that replaced another is not counted here, but a sink with history counts
 * it.
 */
const lossesOf = (tables: ReadonlyArray<Table>, before: Manifest, outcome: Outcome) =>
  collectedTables(collectedTables(tables, outcome), before).map((table) => {
    const [had, seen] = [before.rows[table.name] ?? 0, outcome.rows[table.name] ?? 0]
    return { table, before: had, gone: Math.max(0, had - seen), seen }
  })

/** Fails if more has vanished than a person has agreed to. */
export const refuseLost = Effect.fnUntraced(
  function*(manifests: Manifests, tables: ReadonlyArray<Table>, outcome: Outcome, agreed: ShrinkLimits) {
    const before = yield* manifests.newest(outcome)
    if (before === undefined) return
    const refuse = (reason: RunError["reason"]) => Effect.fail(new RunError({ reason }))

    const fields = vanished(before, outcome, agreed)
    if (Array.isReadonlyArrayNonEmpty(fields)) return yield* refuse(new Vanished({ fields }))

    const losses = lossesOf(tables, before, outcome)
    const isEmpty = objectsOf(outcome).seen === 0
    const emptied = (isEmpty ? losses.slice(0, 1) : losses).find(({ before, seen }) =>
      seen === 0 && before > suspiciouslyEmpty
    )
    if (emptied !== undefined && !agreed.allowEmpty && (isEmpty || agreed.maxShrink < 100)) {
      const { before, table } = emptied
      return yield* refuse(new Emptied({ tenant: outcome.tenant, what: table.name, before }))
    }

    if (!outcome.complete) return
    const whole = yield* manifests.newest(outcome, "complete")
    const shrunk = whole && refusal(lossesOf(tables, whole, outcome), agreed)
    if (shrunk !== undefined) return yield* refuse(shrunk)
  }
)
