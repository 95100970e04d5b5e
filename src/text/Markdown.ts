/**
 * Escapes text for Markdown, even in a table: it is shown as it is, and never becomes an image, a link, HTML or a
 * column.
 */
import * as Terminal from "./Terminal.ts"

/** The characters that mean something in Markdown, and the part of `://` and `www.` that makes an address a link. */
const meaning = /[\\`*_[\]|~$]|(?<=:)\/(?=\/)|(?<=www)\./gi

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" }

export const escape = (text: string): string =>
  Terminal.safeLine(text).replace(meaning, "\\$&").replace(/[&<>]/g, (character) => entities[character] ?? "")
