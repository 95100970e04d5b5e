/** Escapes text for XML, between tags or in an attribute. A character that XML does not allow becomes a dot. */
import * as Terminal from "./Terminal.ts"

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&apos;"
}

export const escape = (text: string): string =>
  Terminal.safeLine(text).replace(/[&<>"']/g, (character) => entities[character] ?? "")
