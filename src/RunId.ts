/** What a run is called: its instant, and six digits for two runs of the same instant. */
import { Schema } from "effect"

const pattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{6}$/

/** `20261123T201500123Z-4f09ac`: sorts by time, and fits a file name. */
export const RunId = Schema.String.check(Schema.isPattern(pattern))

export const isRunId = Schema.is(RunId)

/** The instant of a run in milliseconds; NaN if there is none. */
export const instantOf = (run_id: string): number =>
  pattern.test(run_id) ? Date.parse(run_id.replace(pattern, "$1-$2-$3T$4:$5:$6.$7Z")) : NaN
