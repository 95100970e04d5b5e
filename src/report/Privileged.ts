/**
 * Privileged groups: those that `privileged.txt` in the data directory names, one per line with # comments. Without the file,
 * those whose names say it, as the macro `is_privileged` of the pipeline `mfa` knows.
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

/** Makes `is_privileged(group_name)` mean these names, for queries, policies and the report. */
export const define = ({ run }: Session, names: ReadonlyArray<string>) =>
  run(`CREATE OR REPLACE MACRO is_privileged(group_name) AS coalesce(list_contains(
    [${names.map((name) => `lower(${DuckDb.literal(name)})`).join(", ")}], lower(trim(group_name))), false)`)

/** Makes the table `privileged_users`: who can log in and is in privileged groups, and in which. */
export const prepare = ({ run }: Session) =>
  run(`CREATE OR REPLACE TEMP TABLE privileged_users AS
    SELECT tenant, user_id, list(DISTINCT group_name ORDER BY group_name) AS privileged_groups
    FROM user_groups SEMI JOIN (FROM users WHERE is_active OR is_bypass) users USING (tenant, user_id)
    WHERE is_privileged(group_name)
    GROUP BY tenant, user_id`)
