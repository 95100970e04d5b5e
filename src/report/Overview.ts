/** The first table of a page about several tenants: a line per tenant, which leads to its section. */
import { html } from "./Html.ts"
import { table } from "./PageTable.ts"
import type { Subject } from "./ReportTenant.ts"
import * as Words from "./Words.ts"

/** The name of a tenant's section, for links. */
export const anchor = (index: number) => `tenant-${index}`

/** The name of the table, for links. */
export const overviewId = "tenants"

/** Makes the table; nothing if there is one tenant. */
export const overview = (subjects: ReadonlyArray<Subject>) =>
  subjects.length < 2 ? html`` : html`<nav class="part" id="${overviewId}" aria-label="Tenants">
${
    table({
      caption: "Tenants",
      rows: subjects.map((subject, index) => ({ ...subject, index })),
      columns: [
        { name: "Tenant", cell: ({ index, tenant }) => html`<a href="#${anchor(index)}">${tenant.tenant}</a>` },
        { name: "Active users", isFigure: true, cell: ({ now }) => Words.count(now.users) },
        { name: "Have MFA", isFigure: true, cell: ({ now }) => Words.percent(now.coverage) },
        { name: "Phishing-resistant", isFigure: true, cell: ({ now }) => Words.percent(now.phishing_resistant_pct) },
        {
          name: "Password alone",
          isFigure: true,
          cell: ({ now }) => `${now.password_alone_unknown === 0 ? "" : "≥ "}${Words.count(now.password_alone)}`
        },
        { name: "As of", cell: ({ tenant }) => html`<span class="whole">${Words.day(tenant.now)}</span>` }
      ]
    })
  }${
    subjects.some(({ now }) => now.password_alone_unknown > 0)
      ? html`<p class="note">≥ means at least, because not all bypass codes could be read.</p>`
      : ""
  }</nav>
`
