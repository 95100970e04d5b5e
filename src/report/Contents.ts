/** The parts of the page, each with a heading; the list of them at the beginning, and the way back to it. */
import { type Html, html } from "./Html.ts"

/** A part of the page. */
export interface PagePart {
  /** Its name in links. */
  readonly id: string
  readonly title: string
  readonly body: Html
}

/** The place of some parts: `tenant` and the index of one, or `all`. */
const contentsOf = (place: string) => `contents-${place}`

/** The name of a part in a place, for links. */
const anchorOf = (place: string, { id }: PagePart) => `${id}-${place}`

/** A heading with a link back. The link is beside the heading, so that the heading reads as its own words. */
const heading = (title: Html, link: Html) => html`<div class="heading">${title}${link}</div>\n`

/** The heading of a tenant on a page about several, with a link to the list of tenants. */
export const tenantHeading = (id: string, tenant: string, tenantsId: string | null) =>
  heading(
    html`<h2 id="${id}">${tenant}</h2>`,
    tenantsId === null ? html`` : html`<a class="back" href="#${tenantsId}">All tenants</a>`
  )

/** The list of links to the parts. */
export const contents = (place: string, parts: ReadonlyArray<PagePart>) =>
  html`<nav class="contents" id="${contentsOf(place)}" aria-label="Contents"><ul>${
    parts.map((part) => html`<li><a href="#${anchorOf(place, part)}">${part.title}</a></li>\n`)
  }</ul></nav>
`

interface Manner {
  /** Whether there is a list of links to lead back to. */
  readonly hasContents: boolean
  readonly level: "h2" | "h3"
}

/** The parts below each other. Those of one tenant are below the heading of that tenant. */
export const inOrder = (place: string, parts: ReadonlyArray<PagePart>, { hasContents, level }: Manner) =>
  parts.map((part) => {
    const id = anchorOf(place, part)
    const back = hasContents ? html`<a class="back" href="#${contentsOf(place)}">Contents</a>` : html``
    const title = level === "h2" ? html`<h2 id="${id}">${part.title}</h2>` : html`<h3 id="${id}">${part.title}</h3>`
    return html`<div class="part">${heading(title, back)}${part.body}</div>
`
  })
