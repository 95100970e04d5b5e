/**
 * How much of a tenant may be gone from one run to the next. A run that would take away more is refused, because a list
 * that shrinks overnight is more likely a mistake than the truth.
 */
import { Schema } from "effect"
import type { Table } from "../Table.ts"

/** The run would say that more of the tenant is gone than a person has agreed to. */
export class Shrunk extends Schema.TaggedError<Shrunk>()("Shrunk", {
  /** Whose rows are counted. */
  table: Schema.String,
  gone: Schema.Int,
  before: Schema.Int,
  /** Percent that may be gone. */
  maxShrink: Schema.Finite
}) {}

/** What a person has agreed to. */
export interface Agreed {
  /** Percent of the tenant. */
  readonly maxShrink: number
  /** A tenant that has lost everything is believed, whatever `maxShrink` says. */
  readonly allowEmpty: boolean
}

/** What a run would take away from one table of the tenant. */
export interface Loss {
  readonly table: Table
  readonly before: number
  readonly gone: number
  /** Rows that the run has in that table. */
  readonly seen: number
}

/** So many people may leave a small tenant between two runs, with all that is theirs. */
const few = 3

const percentOf = ({ before, gone }: Pick<Loss, "before" | "gone">) => 100 * gone / Math.max(before, 1)

/** Percent of its rows that a table may lose: at least the part of the tenant that a few are. */
const limitOf = ({ table }: Loss, tenant: Loss, maxShrink: number) =>
  Math.max(maxShrink, table.maxShrink, percentOf({ ...tenant, gone: few }))

/**
 * The worst of the losses that are more than was agreed to. The first loss is that of the pipeline's first table, which
 * is the tenant. Users who leave take their rows with them, so another table may lose that part on top of its own limit.
 * A tenant that comes back empty has lost more than a few, however small it was.
 */
export const refusal = (losses: ReadonlyArray<Loss>, { allowEmpty, maxShrink }: Agreed): Shrunk | undefined => {
  const [tenant] = losses
  if (tenant === undefined) return undefined
  const refused = losses.flatMap((loss) => {
    const { before, gone, seen, table } = loss
    const isEmptied = seen === 0 && loss === tenant
    const limit = isEmptied ? maxShrink : limitOf(loss, tenant, maxShrink)
    const explained = loss === tenant ? 0 : percentOf(tenant)
    const isFew = gone <= few && !isEmptied
    if (isFew || percentOf(loss) <= limit + explained || (seen === 0 && allowEmpty)) return []
    return [new Shrunk({ table: table.name, gone, before, maxShrink: Math.floor(limit) })]
  })
  return refused.toSorted((a, b) => percentOf(b) - percentOf(a)).at(0)
}

/** What a person reads. */
export const describe = ({ before, gone, maxShrink, table }: Shrunk): string =>
  `${gone} of ${before} ${table} are gone since the run before, more than ${maxShrink} %. Nothing changed; if that is right, run again with --max-shrink ${
    Math.ceil(percentOf({ before, gone }))
  }.`
