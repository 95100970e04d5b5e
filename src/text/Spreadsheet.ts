/** Text as a cell of CSV: no program that opens the file takes it for a formula. */

/**
 * What begins a formula, in half and in full width. Apostrophes before it count as part of it, because a cell that had one
 * gets another, so that the guard can be taken off again.
 */
const formula = "('*)(?=[=+\\-@＝＋－＠])"

/**
 * Where a cell begins. A spreadsheet splits a line at its own list separator, which is not always the comma, and then the
 * quotes around a field mean nothing: a cell also begins inside a text, after a separator or the end of a line. Blanks,
 * invisible characters and quotes at the beginning of a cell are left out when it is read.
 */
const beginning = "(^|[,;|:^~\\p{Cc}\\p{Zl}\\p{Zp}])([\\p{Zs}\\p{Cf}\"]*)"

const unguarded = new RegExp(beginning + formula, "gu")
const guarded = new RegExp(`${beginning}'${formula}`, "gu")

/** A cell that starts with one of these is a formula for some spreadsheets, whatever follows. */
const control = /^([\p{Zs}\p{Cf}"]*)(?='*[\t\r\n])/u
const guardedControl = /^([\p{Zs}\p{Cf}"]*)'(?='*[\t\r\n])/u

/** Puts an apostrophe before whatever could start a formula. */
export const guard = (text: string): string => text.replace(unguarded, "$1$2'$3").replace(control, "$1'")

/** What was guarded, as it was. */
export const unguard = (text: string): string => text.replace(guardedControl, "$1").replace(guarded, "$1$2$3")

/** A field of RFC 4180 from text that a spreadsheet may not obey. */
export const field = (text: string): string => quote(guard(text.toWellFormed()))

/** A field of RFC 4180. */
export const quote = (text: string): string => /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text

/** A record of RFC 4180, its end included. */
export const record = (fields: ReadonlyArray<string>): string => `${fields.join(",")}\r\n`

/** Without it Excel reads UTF-8 as another encoding, and José as JosÃ©. */
export const byteOrderMark = "\ufeff"
