/** Splits typed text into statements. A statement ends with a semicolon that is not in quotes or in a comment. */

/** Quotes and comments as a whole, even if their end is missing, and each other character. */
const token =
  /\be'(?:[^'\\]|\\[^]|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|--[^\n]*|\/\*[^]*?(?:\*\/|$)|(\$\w*\$)[^]*?(?:\1|$)|[^]/gi

const isBlank = (text: string) => (text.match(token) ?? []).every((part) => /^\s$|^--|^\/\*[^]*\*\/$/.test(part))

/** The statements that are whole, and the text after the last of them; it is empty if nothing but comments is in it. */
export const split = (text: string) => {
  const statements: Array<string> = []
  let from = 0
  for (const { 0: part, index } of text.matchAll(token)) {
    if (part !== ";") continue
    statements.push(text.slice(from, index))
    from = index + 1
  }
  const rest = text.slice(from)
  return { statements: statements.filter((statement) => !isBlank(statement)), rest: isBlank(rest) ? "" : rest }
}
