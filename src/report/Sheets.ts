/** The style of printed sheets: every sheet has its number and the tenant that it is about. */

/** A text as a string of CSS, which ends neither the string nor the style. */
const string = (text: string) =>
  `"${
    [...text].map((letter) => /[\w .:-]/.test(letter) ? letter : `\\${letter.codePointAt(0)?.toString(16)} `).join("")
  }"`

/** One tenant is on every sheet; of several, each has sheets of its own. */
export const sheets = (tenants: ReadonlyArray<string>) => {
  const [only] = tenants
  const boxes = tenants.length === 1 && only !== undefined
    ? `@page { @top-left { content: ${string(only)}; } }`
    : tenants.map((tenant, index) =>
      `#tenant-${index} { page: tenant-${index}; } @page tenant-${index} { @top-left { content: ${string(tenant)}; } }`
    ).join("\n  ")
  return `
@media print {
  ${boxes}
}
`
}
