/** Text in XML, between tags or in an attribute; of what XML may not have, a dot is left. */
import * as Terminal from "./Terminal.ts"

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&apos;"
}

export const escape = (text: string): string =>
  Terminal.inert(text).replace(/[&<>"']/g, (character) => entities[character] ?? "")
