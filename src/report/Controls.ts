/** The part about public frameworks: how many of their controls are kept, and the policies that break the others. */
import { html } from "./Html.ts"
import { table } from "./PageTable.ts"
import { type PolicyVerdict, verdictMark } from "./PolicyVerdicts.ts"
import * as Words from "./Words.ts"

/** A framework, with the verdicts on its controls. The command `policy` has the same. */
export interface FrameworkVerdicts {
  readonly name: string
  readonly title: string
  readonly controls: ReadonlyArray<{
    readonly id: string
    readonly words: string
    readonly verdict: PolicyVerdict["verdict"]
    readonly policies: ReadonlyArray<Pick<PolicyVerdict, "policy" | "verdict">>
  }>
}

const count = ({ controls }: FrameworkVerdicts, ...which: ReadonlyArray<PolicyVerdict["verdict"]>) =>
  controls.filter(({ verdict }) => which.includes(verdict)).length

/** The policies that keep a control from being kept. */
const inTheWay = ({ policies, verdict }: FrameworkVerdicts["controls"][number]) =>
  verdict === "kept" ? [] : policies.filter((policy) => policy.verdict === verdict).map(({ policy }) => policy)

/** Makes the part; nothing if no policy answers a control. */
export const controls = (all: ReadonlyArray<FrameworkVerdicts>, isOfAll: boolean) => {
  const frameworks = all.filter(({ controls }) => controls.length > 0)
  if (frameworks.length === 0) return undefined
  return html`${isOfAll ? html`<h2>Controls</h2>` : html`<h3>Controls</h3>`}
<p>What the policies say about four public frameworks, as far as Duo can tell. A control that is kept here has not been audited.</p>
${
    table({
      caption: "Controls by framework",
      rows: frameworks,
      columns: [
        { name: "Framework", cell: ({ title }) => title },
        {
          name: "Kept",
          isFigure: true,
          cell: (framework) =>
            html`${Words.figure(`controls.${framework.name}`, count(framework, "kept"))} of ${
              Words.count(framework.controls.length)
            }`
        },
        { name: "Broken", isFigure: true, cell: (framework) => Words.count(count(framework, "broken")) },
        {
          name: "Not known",
          isFigure: true,
          cell: (framework) => Words.count(count(framework, "cannot be told", "left out"))
        }
      ]
    })
  }<details><summary>Each control, and the policies in its way</summary>
${
    table({
      caption: "Controls",
      rows: frameworks.flatMap(({ controls, title }) => controls.map((control) => ({ ...control, title }))),
      columns: [
        {
          name: "Control",
          cell: ({ id, title, words }) => html`${words} <span class="what">${title}, ${id}</span>`
        },
        { name: "Verdict", cell: ({ verdict }) => verdictMark(verdict) },
        {
          name: "Because of",
          cell: (control) => html`<span class="what">${inTheWay(control).join(", ")}</span>`
        }
      ]
    })
  }</details>
<p class="note">The people behind a broken policy: <code>duo-mfa sql @policies/NAME</code></p>
`
}
