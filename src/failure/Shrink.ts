/**
 * Limits how much of a tenant may vanish from one run to the next. A run that would remove more is refused, because a
 * list that shrinks overnight is more likely a mistake than the truth.
 */
import { Schema } from "effect"
import type { Table } from "../Table.ts"

/** More rows of a table would vanish with this run than a person has agreed to. */
export class Shrunk extends Schema.TaggedError<Shrunk>()("Shrunk", {
  /** The tenant of the run, by which a round can leave it out. */
  tenant: Schema.optionalKey(Schema.String),
  /** The name of the table. */
  table: Schema.String,
  gone: Schema.Int,
  before: Schema.Int,
  /** The percentage of rows that may vanish. */
  maxShrink: Schema.Finite
}) {}

/** The limits that a person has agreed to. */
export interface ShrinkLimits {
  /** The percentage of the tenant that may vanish. */
  readonly maxShrink: number
  /** Accept a tenant that is empty now, even if `maxShrink` is less than 100. */
  readonly allowEmpty: boolean
}

/** The rows that one table of the tenant would lose. */
export interface Loss {
  readonly table: Table
  readonly before: number
  readonly gone: number
  /** The number of rows that the run has in that table. */
  readonly seen: number
}

/**
 * This many users may always leave between two runs, with all their rows: even one user is many percent of a small
 * tenant.
 */
const few = 3

const percentOf = ({ before, gone }: Pick<Loss, "before" | "gone">) => 100 * gone / Math.max(before, 1)

/** The percentage of its rows that a table may lose. It is at least the share that `few` users have in the tenant. */
const limitOf = ({ table }: Loss, tenant: Loss, maxShrink: number) =>
  Math.max(maxShrink, table.maxShrink, percentOf({ ...tenant, gone: few }))

/**
 * The largest loss above its limit; undefined if every loss is within its limit. The first of the losses is that of the
 * pipeline's first table, which counts the tenant. Users who leave take their rows in other tables with them, so
 * another table may lose the tenant's percentage on top of its own limit. `few` does not excuse a tenant that is empty
 * now.
 */
export const refusal = (
  losses: ReadonlyArray<Loss>,
  { allowEmpty, maxShrink, tenant: name }: ShrinkLimits & { readonly tenant?: string }
): Shrunk | undefined => {
  const [tenant] = losses
  if (tenant === undefined) return undefined
  const of = name === undefined ? {} : { tenant: name }
  const refused = losses.flatMap((loss) => {
    const { before, gone, seen, table } = loss
    const isEmptied = seen === 0 && loss === tenant
    const limit = isEmptied ? maxShrink : limitOf(loss, tenant, maxShrink)
    const explained = loss === tenant ? 0 : percentOf(tenant)
    const isFew = gone <= few && !isEmptied
    if (isFew || percentOf(loss) <= limit + explained || (seen === 0 && allowEmpty)) return []
    return [new Shrunk({ ...of, table: table.name, gone, before, maxShrink: Math.floor(limit) })]
  })
  return refused.toSorted((a, b) => percentOf(b) - percentOf(a)).at(0)
}

/** The sentence for people. */
export const describe = ({ before, gone, maxShrink, table }: Shrunk): string =>
  `${gone} of ${before} ${table} are gone since the run before, more than ${maxShrink} %. Nothing changed; if that is right, run again with --max-shrink ${
    Math.ceil(percentOf({ before, gone }))
  }.`
