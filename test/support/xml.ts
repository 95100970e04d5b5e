/** Parses XML documents without a DTD, as the specification says: https://www.w3.org/TR/xml/#sec-well-formed */
import { assert } from "@effect/vitest"

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: ReadonlyArray<Element>
  readonly text: string
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: "\"", apos: "'" }

const decode = (text: string) =>
  text.replaceAll(/&([^;&]*);?/g, (all, name: string) => {
    assert.property(entities, name, `${all} is no entity`)
    return entities[name] ?? ""
  })

const tag = /<(\/?)([A-Za-z_][\w.-]*)((?:\s+[A-Za-z_][\w.-]*="[^"<]*")*)\s*(\/?)>/y

/** The root element. Fails if the document is not well-formed. */
export const parse = (document: string): Element => {
  assert.match(document, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n/)
  assert.notMatch(document, /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u, "a character that XML has not")
  const open: Array<{ name: string; attributes: Record<string, string>; children: Array<Element>; text: string }> = [
    { name: "", attributes: {}, children: [], text: "" }
  ]
  for (let at = document.indexOf("\n"); at < document.length;) {
    const inside = open.at(-1)
    assert(inside !== undefined)
    const next = document.indexOf("<", at)
    inside.text += decode(document.slice(at, next === -1 ? undefined : next))
    if (next === -1) break
    tag.lastIndex = next
    const [all, end, name = "", attributes = "", empty] = tag.exec(document) ?? []
    assert(all !== undefined, `no tag: ${document.slice(next, next + 80)}`)
    at = next + all.length
    if (end === "/") {
      assert.strictEqual(name, inside.name)
      open.pop()
      open.at(-1)?.children.push(inside)
      continue
    }
    const pairs = [...attributes.matchAll(/([\w.-]+)="([^"]*)"/g)].map((
      [_, key = "", value = ""]
    ) => [key, decode(value)])
    assert.strictEqual(new Set(pairs.map(([key]) => key)).size, pairs.length, "an attribute twice")
    const element = { name, attributes: Object.fromEntries(pairs), children: [], text: "" }
    if (empty === "/") inside.children.push(element)
    else open.push(element)
  }
  const [document_] = open
  assert(open.length === 1 && document_ !== undefined && document_.text.trim() === "", "not closed")
  assert.strictEqual(document_.children.length, 1)
  const [root] = document_.children
  assert(root !== undefined)
  return root
}
