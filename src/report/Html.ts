/** Makes HTML from templates. Every value in a template is escaped, unless it is a piece of HTML already. */

/** A piece of HTML. `html` makes it from a template, and `trusted` from HTML that has no text from a tenant. */
export class Html {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  toString() {
    return this.#text
  }
}

/** A value in a template. */
export type Part = Html | string | number | null | ReadonlyArray<Part>

/** Control characters, which a page may not contain, and characters that change the direction of text. */
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

/** Escapes text for elements and quoted attributes. */
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

/** Makes HTML from a template. The text of the template is HTML, and its values are escaped. Attributes must be quoted. */
export const html = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html =>
  new Html(strings.map((text, index) => text + render(parts[index] ?? null)).join(""))

/** Makes HTML from a text that is not escaped. It must not have any text from a tenant. */
export const trusted = (text: string): Html => new Html(text)
