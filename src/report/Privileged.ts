/**
 * Privileged groups: those that `privileged.txt` in the data directory names, one per line with # comments. Without the file,
 * those whose names say it.
 */
import { Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import type { Session } from "../duckdb/DuckDb.ts"
import * as InputFile from "./InputFile.ts"

/** The file of the names. */
export const fileName = "privileged.txt"

/** The names of privileged groups; null if nobody has named any. */
export type PrivilegedNames = ReadonlyArray<string> | null

/** Reads the names of a data directory. */
export const read = Effect.fnUntraced(function*(dataDirectory: string) {
  const { text } = yield* InputFile.read(dataDirectory, fileName)
  const names: PrivilegedNames = text === null
    ? null
    : text.split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*/, "").trim()).filter((name) => name !== "")
  return names
})

/** The words of a name that say it, in a regular expression for DuckDB. */
const words = "(sys)?admin(istrator)?s?|root|privileged|break[ _-]?glass"

/** SQL for whether a group is privileged. */
const isPrivileged = (names: PrivilegedNames) =>
  names === null
    // DomainAdmins has two words too
    ? `regexp_matches(regexp_replace(group_name, '(\\p{Ll})(\\p{Lu})', '\\1 \\2', 'g'),
       '(?i)(^|[^\\pL\\pN])(${words})($|[^\\pL\\pN])')`
    : names.length === 0
    ? "false"
    : `lower(trim(group_name)) IN (${names.map((name) => `lower(${DuckDb.literal(name)})`).join(", ")})`

/** Makes the table `privileged_users`: who can log in and is in privileged groups, and in which. */
export const prepare = ({ run }: Session, names: PrivilegedNames) =>
  run(`CREATE OR REPLACE TEMP TABLE privileged_users AS
    SELECT tenant, user_id, list(DISTINCT group_name ORDER BY group_name) AS privileged_groups
    FROM user_groups SEMI JOIN (FROM users WHERE is_active OR is_bypass) users USING (tenant, user_id)
    WHERE ${isPrivileged(names)}
    GROUP BY tenant, user_id`)
