/** HTML that is escaped by construction: whatever is put into a template is text, unless it is HTML itself. */

/** A piece of HTML. It is made by `html`, or by `trusted` from what holds no text of anybody's. */
export class Html {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  toString() {
    return this.#text
  }
}

export type Part = Html | string | number | null | ReadonlyArray<Part>

/** Control characters, which no page may hold, and those that turn the direction of what follows them. */
// oxlint-disable-next-line no-control-regex
const unruly = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&#39;",
  "`": "&#96;"
}

/** Text for between tags and for quoted attributes. */
const escape = (text: string) =>
  text.toWellFormed().replace(unruly, "\ufffd").replace(/[&<>"'`]/g, (character) => entities[character] ?? "")

const render = (part: Part): string =>
  part instanceof Html
    ? part.toString()
    : typeof part === "string"
    ? escape(part)
    : typeof part === "number"
    ? String(part)
    : part === null
    ? ""
    : part.map(render).join("")

/** A template: what is written in it is HTML, and what is put into it is not. Attributes are quoted. */
export const html = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html =>
  new Html(strings.map((text, index) => text + render(parts[index] ?? null)).join(""))

/** HTML that somebody else made: never of what came from a tenant. */
export const trusted = (text: string): Html => new Html(text)
