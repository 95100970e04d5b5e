/** Decides which snapshots are kept, as restic does: the last one of each of the last days and months that have one. */
import type { Outcome } from "../../Outcome.ts"

/** How many days and months are kept. */
export interface Rules {
  readonly daily: number
  readonly monthly: number
}

/** The rules as they are written on the command line. */
export const textOf = ({ daily, monthly }: Rules) =>
  [...daily > 0 ? [`--keep-daily ${daily}`] : [], ...monthly > 0 ? [`--keep-monthly ${monthly}`] : []].join(" ")

/** The facts about a snapshot that decide. */
export type Snapshot = Pick<Outcome, "run_id" | "observed_at" | "complete" | "tables_collected">

/** The lengths of the part of an instant that names its day or its month, in UTC. */
const [day, month] = ["2026-11-29".length, "2026-11".length]

/** The last of each of the last periods that have one; the newest is first in the list. */
const lastOfEach = (newestFirst: ReadonlyArray<Snapshot>, length: number, periodsMax: number) => {
  const last = new Map<string, string>()
  for (const { observed_at, run_id } of newestFirst) {
    const period = observed_at.slice(0, length)
    if (!last.has(period) && last.size < periodsMax) last.set(period, run_id)
  }
  return last.values()
}

/**
 * The ids of the snapshots of one tenant and pipeline that are kept. The newest, the newest complete one and the newest with
 * each table are always kept, so that there is an answer for every table.
 */
export const kept = (snapshots: ReadonlyArray<Snapshot>, { daily, monthly }: Rules): ReadonlySet<string> => {
  const newestFirst = snapshots.toSorted((a, b) =>
    a.observed_at === b.observed_at ? (a.run_id < b.run_id ? 1 : -1) : a.observed_at < b.observed_at ? 1 : -1
  )
  const tables = new Set(snapshots.flatMap(({ tables_collected }) => tables_collected))
  const always = [
    newestFirst[0],
    newestFirst.find(({ complete }) => complete),
    ...[...tables].map((table) => newestFirst.find(({ tables_collected }) => tables_collected.includes(table)))
  ]
  return new Set([
    ...always.flatMap((snapshot) => snapshot === undefined ? [] : [snapshot.run_id]),
    ...lastOfEach(newestFirst, day, daily),
    ...lastOfEach(newestFirst, month, monthly)
  ])
}
