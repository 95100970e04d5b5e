/** The id of a run: its instant, and six hex digits that tell two runs of the same instant apart. */
import { Schema } from "effect"

const pattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{6}$/

/** Such as `20261123T201500123Z-4f09ac`. It sorts by time and can be part of a file name. */
export const RunId = Schema.String.check(Schema.isPattern(pattern))

export const isRunId = Schema.is(RunId)

/** The instant of a run in milliseconds since 1970; NaN if the text is not the id of a run. */
export const instantOf = (run_id: string): number =>
  pattern.test(run_id) ? Date.parse(run_id.replace(pattern, "$1-$2-$3T$4:$5:$6.$7Z")) : NaN
