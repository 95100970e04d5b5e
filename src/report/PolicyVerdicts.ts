/** The part about the policies: which are kept, which are broken, and which it is not known of. */
import type { Pii } from "./Ask.ts"
import type { PagePart } from "./Contents.ts"
import { type Html, html } from "./Html.ts"
import * as Misses from "./Misses.ts"
import { type PageColumn, table } from "./PageTable.ts"
import * as Words from "./Words.ts"

/** A verdict on a policy. The command `policy` has the same. */
export interface PolicyVerdict {
  readonly policy: string
  /** Whether it came with the program. Another one may have names of persons in its words. */
  readonly is_built_in: boolean
  readonly verdict: "kept" | "broken" | "cannot be told" | "left out"
  /** How many violations were found, and how many are allowed. */
  readonly found: number | null
  readonly at_most: number | null
  /** What shall be true. */
  readonly sentence: string
  readonly severity: string | null
  /** The controls of public frameworks that it answers, such as `cis 6.3`. */
  readonly controls: ReadonlyArray<string>
  /** Why it is not known, or left out. */
  readonly why: string | null
}

/** The verdicts in the order of the page, with a sign, a word, and a colour. */
const kinds = [
  ["broken", "✗", "broken", "worse"],
  ["cannot be told", "?", "not known", "warning"],
  ["kept", "✓", "kept", "better"],
  ["left out", "–", "left out", "same"]
] as const

const kindOf = ({ verdict }: PolicyVerdict) => kinds.findIndex(([known]) => known === verdict)

/** A verdict as a sign and a word. */
export const verdictMark = (verdict: PolicyVerdict["verdict"]): Html => {
  const [, sign, word, colour] = kinds.find(([known]) => known === verdict) ?? kinds[1]
  return html`<span class="whole ${colour}"><span aria-hidden="true">${sign}</span> ${word}</span>`
}

/** Without names, the words of somebody's own policy are left out. */
const columnsFor = (pii: Pii, misses: ReadonlyArray<Misses.Miss>): ReadonlyArray<PageColumn<PolicyVerdict>> => [
  {
    name: "Policy",
    cell: ({ is_built_in, policy, sentence, why }) =>
      pii === "drop" && !is_built_in ? policy : html`${sentence === "" ? policy : sentence} ${
        why === null
          ? html`<code class="what under">${policy}</code>`
          : html`<span class="what under">${policy}: ${why.split("\n", 1)}</span>`
      }`
  },
  { name: "Verdict", cell: ({ verdict }) => verdictMark(verdict) },
  {
    name: "Found",
    isFigure: true,
    cell: ({ found, policy }) => found === null ? "–" : Misses.link(misses, policy, html`${Words.count(found)}`)
  },
  { name: "Allowed", isFigure: true, cell: ({ at_most }) => at_most === null ? "–" : Words.count(at_most) }
]

/** Makes the part, for one tenant or for all of them; nothing if there are no policies. */
export const policyVerdicts = (
  verdicts: ReadonlyArray<PolicyVerdict>,
  misses: ReadonlyArray<Misses.Miss>,
  { isOfAll, pii }: { readonly isOfAll: boolean; readonly pii: Pii }
): PagePart | undefined => {
  if (verdicts.length === 0) return undefined
  const counts = kinds.flatMap(([verdict, , word]) => {
    const count = verdicts.filter((each) => each.verdict === verdict).length
    return count === 0 ? [] : [html`${Words.figure(`policies.${verdict}`, count)} ${word}`]
  })
  const columns = columnsFor(pii, misses)
  const rows = verdicts.toSorted((one, other) => kindOf(one) - kindOf(other) || Misses.bySeverity(one, other))
  const leftOut = rows.filter(({ verdict }) => verdict === "left out")
  return {
    id: "policies",
    title: "Policies",
    body: html`<p>Of ${Words.counted(verdicts.length, "policy", "policies")}: ${
      counts.map((count, index) => html`${index === 0 ? "" : ", "}${count}`)
    }. The most severe come first.${isOfAll ? " They are about all tenants together." : ""}</p>
${table({ caption: "Policies", rows: rows.filter(({ verdict }) => verdict !== "left out"), columns })}${
      leftOut.length === 0 ?
        html`` :
        html`<details><summary>${
          Words.counted(leftOut.length, "policy", "policies")
        } left out, because nobody has read what they are about</summary>
${table({ caption: "Policies that are left out", rows: leftOut, columns })}</details>`
    }
`
  }
}
