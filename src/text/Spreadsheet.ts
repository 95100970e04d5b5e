/** Writes text as a cell of CSV that no spreadsheet takes for a formula. */

/**
 * The beginning of a formula, in half-width or full-width characters. Apostrophes before it belong to it: a cell that
 * has one gets one more, so that `unguard` gives the original text.
 */
const formula = "('*)(?=[=+\\-@＝＋－＠])"

/**
 * The beginning of a cell. A spreadsheet splits a line at its own list separator. If that is not the comma, the quotes
 * around a field have no meaning, so a cell can begin inside a text, after a separator or the end of a line.
 * Spreadsheets skip blanks, invisible characters and quotes at the beginning of a cell.
 */
const beginning = "(^|[,;|:^~\\p{Cc}\\p{Zl}\\p{Zp}])([\\p{Zs}\\p{Cf}\"]*)"

const unguarded = new RegExp(beginning + formula, "gu")
const guarded = new RegExp(`${beginning}'${formula}`, "gu")

/** A tab or an end of line at the beginning of a cell. Some spreadsheets take such a cell for a formula. */
const control = /^([\p{Zs}\p{Cf}"]*)(?='*[\t\r\n])/u
const guardedControl = /^([\p{Zs}\p{Cf}"]*)'(?='*[\t\r\n])/u

/** Puts an apostrophe before everything that could start a formula. */
export const guard = (text: string): string => text.replace(unguarded, "$1$2'$3").replace(control, "$1'")

/** Gives the original text of a guarded text. */
export const unguard = (text: string): string => text.replace(guardedControl, "$1").replace(guarded, "$1$2$3")

/** A guarded text as a CSV field (RFC 4180). */
export const field = (text: string): string => quote(guard(text.toWellFormed()))

/** A CSV field (RFC 4180), in quotes if it needs them. */
export const quote = (text: string): string => /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text

/** A CSV record (RFC 4180) with its end of line. */
export const record = (fields: ReadonlyArray<string>): string => `${fields.join(",")}\r\n`

const nextField = /(?:"([^"]*(?:""[^"]*)*)"|([^,]*))(,|$)/gy

/** The texts of the fields of a record. */
export const fields = (record: string): ReadonlyArray<string> => {
  const texts: Array<string> = []
  const line = record.replace(byteOrderMark, "").replace(/\r?\n$/, "")
  for (const [_, quoted, plain = "", end] of line.matchAll(nextField)) {
    texts.push(unguard(quoted?.replaceAll("\"\"", "\"") ?? plain))
    if (end === "") break
  }
  return texts
}

/** The first character of a CSV file. Without it, Excel reads UTF-8 as another encoding, and shows José as JosÃ©. */
export const byteOrderMark = "\ufeff"
