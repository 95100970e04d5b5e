/** The keys of the objects of a round: `PREFIX/TABLE/run_date=YYYY-MM-DD/RUN_ID.parquet`. */
import type { BucketTarget } from "./BucketTarget.ts"

/** The beginning of all keys. */
export const startOf = ({ prefix }: Pick<BucketTarget, "prefix">) => prefix === "" ? "" : `${prefix}/`

/** The key of a table of the round with this id. The date is that of the round in UTC. */
export const make = (target: Pick<BucketTarget, "prefix">, table: string, date: string, run_id: string) =>
  `${startOf(target)}${table}/run_date=${date}/${run_id}.parquet`

/** The table whose object of the round has this key; undefined if the key has another form. */
export const tableIn = (target: Pick<BucketTarget, "prefix">, run_id: string, key: string) => {
  const start = startOf(target)
  if (!key.startsWith(start)) return undefined
  const [table = "", date = "", file, ...others] = key.slice(start.length).split("/")
  const isKey = file === `${run_id}.parquet` && others.length === 0 && /^run_date=\d{4,6}-\d\d-\d\d$/.test(date)
  return isKey && /^\w+$/.test(table) ? table : undefined
}
