/** What stands on every printed sheet. */
import { assert, describe, it } from "@effect/vitest"
import { sheets } from "../../src/report/Sheets.ts"

describe("printed sheets", () => {
  it("have the only tenant, and of several tenants each its own", () => {
    assert.include(
      sheets(["api-1f2e3d4c.duosecurity.com"]),
      `@page { @top-left { content: "api-1f2e3d4c.duosecurity.com"; } }`
    )
    const several = sheets(["Acme", "Zeta"])
    assert.include(several, `#tenant-1 { page: tenant-1; } @page tenant-1 { @top-left { content: "Zeta"; } }`)
    assert.notInclude(several, "@page {")
  })

  it("show a name as text, whatever it looks like", () => {
    const hostile = `"} * { display: none } </style><script>\\ \u2028é`
    const inside = /content: "(.*)"; } }/s.exec(sheets([hostile]))?.[1] ?? ""
    assert.notMatch(inside, /["<>{}\n\u2028]/)
    const read = inside.replaceAll(/\\([0-9a-f]+) /g, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    assert.strictEqual(read, hostile)
  })
})
