/** The version of duo-mfa, and the version of the format of its data. */
import manifest from "../package.json" with { type: "json" }

/** The version of duo-mfa, as in package.json. */
export const version: string = manifest.version

/**
 * The format of manifests, of the ledger, of `views.sql` and of Parquet files. The number goes up when an older program
 * would misread the new format; an added table or column does not change it. Files without a number have format 0 and
 * can be read.
 */
export const format = 2

/** The newest known format. Only manifests and Parquet files that have several runs have it. */
export const newestFormat = 3

/** The format of a file with these runs. */
export const formatOf = ({ length }: ReadonlyArray<unknown>) => length > 1 ? newestFormat : format

/** The format of a file, and the version of duo-mfa that wrote it. */
export interface Written {
  readonly format: number
  readonly tool_version: string
}

export const isNewer = (written: Written) => written.format > newestFormat

/**
 * The rest of an error message that begins with the file's name. The version comes from a file, so it may be any text.
 */
export const describeNewer = ({ format: found, tool_version }: Written) => {
  const writer = /^\d[\w.+-]{0,40}$/.test(tool_version) ? `duo-mfa ${tool_version}` : "a later duo-mfa"
  return `has format ${found}, which ${writer} wrote; this is duo-mfa ${version}, which knows formats up to ${newestFormat}. Nothing changed; use ${writer}.`
}
