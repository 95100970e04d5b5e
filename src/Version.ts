/** Which duo-mfa this is, and which format the data that it leaves has. */
import manifest from "../package.json" with { type: "json" }

/** The version of duo-mfa, as in package.json. */
export const version: string = manifest.version

/**
 * The format of manifests, of the ledger, of `views.sql` and of Parquet files. It counts up when an older program would
 * misread them; a table or a column more is no other format. What carries no number is of format 0, and can be read.
 */
export const format = 2

/** What carries a format and the version that wrote it, as far as it says so. */
export interface Written {
  readonly format: number
  readonly tool_version: string
}

export const isNewer = (written: Written) => written.format > format

/** What to say of something newer, after its name. The version that wrote it comes from a file: it may be any text. */
export const describeNewer = ({ format: found, tool_version }: Written) => {
  const writer = /^\d[\w.+-]{0,40}$/.test(tool_version) ? `duo-mfa ${tool_version}` : "a later duo-mfa"
  return `is of format ${found}, which ${writer} wrote; this is duo-mfa ${version}, which knows formats up to ${format}. Nothing changed; take ${writer}.`
}
