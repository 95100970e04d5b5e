/** Text in Markdown, in a cell of a table too: it is shown as it is, and makes no image, link, HTML or column. */
import * as Terminal from "./Terminal.ts"

/** What Markdown gives a meaning; in `://` and `www.` it is what makes a link of an address. */
const meaning = /[\\`*_[\]|~$]|(?<=:)\/(?=\/)|(?<=www)\./gi

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" }

export const escape = (text: string): string =>
  Terminal.inert(text).replace(meaning, "\\$&").replace(/[&<>]/g, (character) => entities[character] ?? "")
