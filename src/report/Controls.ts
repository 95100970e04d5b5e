/** The part about public frameworks: how many of their controls are kept, and the policies that break the others. */
import type { PagePart } from "./Contents.ts"
import { html } from "./Html.ts"
import * as Misses from "./Misses.ts"
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

type Control = FrameworkVerdicts["controls"][number] & { readonly title: string; readonly anchor: string | null }

/** The policies that keep a control from being kept. */
const inTheWay = ({ policies, verdict }: Control) =>
  verdict === "kept" ? [] : policies.filter((policy) => policy.verdict === verdict).map(({ policy }) => policy)

/** The controls of a framework. The first that is not kept has a name, for the link from the score. */
const controlsOf = ({ controls, name, title }: FrameworkVerdicts): ReadonlyArray<Control> => {
  const first = controls.findIndex(({ verdict }) => verdict === "broken")
  return controls.map((control, index) => ({ ...control, title, anchor: index === first ? `controls-${name}` : null }))
}

const controlTable = (caption: string, rows: ReadonlyArray<Control>, misses: ReadonlyArray<Misses.Miss>) =>
  rows.length === 0 ? html`` : table({
    caption,
    rows,
    columns: [
      {
        name: "Control",
        cell: ({ anchor, id, title, words }) => {
          const text = html`${words} <span class="what">${title}, ${id}</span>`
          return anchor === null ? text : html`<span id="${anchor}">${text}</span>`
        }
      },
      { name: "Verdict", cell: ({ verdict }) => verdictMark(verdict) },
      {
        name: "Because of",
        cell: (control) =>
          html`<span class="what">${
            inTheWay(control).map((policy, index) =>
              html`${index === 0 ? "" : ", "}${Misses.link(misses, policy, html`${policy}`)}`
            )
          }</span>`
      }
    ]
  })

/** Makes the part; nothing if no policy answers a control. */
export const controls = (
  all: ReadonlyArray<FrameworkVerdicts>,
  misses: ReadonlyArray<Misses.Miss>
): PagePart | undefined => {
  const frameworks = all.filter(({ controls }) => controls.length > 0)
  if (frameworks.length === 0) return undefined
  const rows = frameworks.flatMap(controlsOf)
  const broken = rows.filter(({ verdict }) => verdict === "broken")
  const others = rows.filter(({ verdict }) => verdict !== "broken")
  return {
    id: "controls",
    title: "Controls",
    body:
      html`<p>What the policies say about public frameworks, as far as Duo can tell. They show a part of each control: one that is kept here has not been audited.</p>
${
        table({
          caption: "Controls by framework",
          isNarrow: true,
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
            {
              name: "Broken",
              isFigure: true,
              cell: (framework) => {
                const broken = count(framework, "broken")
                return broken === 0 ? "0" : html`<a href="#controls-${framework.name}">${Words.count(broken)}</a>`
              }
            },
            {
              name: "Not known",
              isFigure: true,
              cell: (framework) => Words.count(count(framework, "cannot be told", "left out"))
            }
          ]
        })
      }${controlTable("Broken controls", broken, misses)}${
        others.length === 0 ?
          html`` :
          html`<details><summary>${
            broken.length === 0 ? "Each control" : `${Words.count(others.length)} more`
          }, and what is in the way</summary>
${controlTable("Other controls", others, misses)}</details>`
      }
`
  }
}
