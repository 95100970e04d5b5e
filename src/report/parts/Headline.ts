/** The first section: the protection of the users, and its change. */
import { html } from "../Html.ts"
import { overMonth, runBefore, type Subject } from "../ReportTenant.ts"
import type { TenantState } from "../TenantState.ts"
import * as Words from "../Words.ts"

interface Card {
  readonly name: "coverage" | "phishing_resistant_pct" | "unprotected" | "only_telephony" | "bypass"
  readonly title: string
  readonly unit: "" | " pts"
  readonly wanted: "more" | "less"
  readonly sentence: (state: TenantState) => string
}

const of = (part: number, { users }: TenantState) => `${Words.count(part)} of ${Words.counted(users, "active user")}`

const cards: ReadonlyArray<Card> = [
  {
    name: "coverage",
    title: "have MFA",
    unit: " pts",
    wanted: "more",
    sentence: (state) => of(state.mfa_enabled, state)
  },
  {
    name: "phishing_resistant_pct",
    title: "phishing-resistant",
    unit: " pts",
    wanted: "more",
    sentence: (state) => `${of(state.phishing_resistant, state)} with a passkey or a security key`
  },
  {
    name: "unprotected",
    title: "unprotected",
    unit: "",
    wanted: "less",
    sentence: () => "active users without a method that protects"
  },
  {
    name: "only_telephony",
    title: "text or call only",
    unit: "",
    wanted: "less",
    sentence: () => "active users who have nothing stronger"
  },
  {
    name: "bypass",
    title: "bypass MFA",
    unit: "",
    wanted: "less",
    sentence: ({ bypass }) =>
      bypass === null
        ? "users whom Duo lets in without a method; not all bypass codes could be read"
        : "users whom Duo lets in without a method"
  }
]

/** A figure of a card; if it is not known for all users, it is "at least" the known number. */
const shown = ({ name, unit }: Card, state: TenantState) =>
  unit === " pts"
    ? Words.figure(name, Words.percent(state[name]))
    : Words.atLeast(name, state[name] ?? state.bypass_at_least, state[name] !== null)

/** Makes the section: a card per figure. */
export const headline = (
  { before, monthAgo, now, tenant }: Pick<Subject, "before" | "monthAgo" | "now" | "tenant">
) => {
  const moved = ({ name, unit, wanted }: Card, since: string, then: TenantState) => {
    const [is, was] = [now[name], then[name]]
    return Words.change(`${name}.${since}`, is === null || was === null ? null : is - was, unit, wanted)
  }
  return html`<ul class="cards">${
    cards.map((card) =>
      html`<li class="card ${card.name}">
<p class="headline"><span class="number">${shown(card, now)}</span> <span class="whole">${card.title}</span></p>
<p class="says">${card.sentence(now)}</p>
${
        before === null || monthAgo === null
          ? ""
          : html`<p class="moved">${moved(card, "before", before)} since ${
            runBefore(tenant.before ?? tenant.now, tenant.now)
          }</p>
<p class="moved">${moved(card, "month", monthAgo)} ${overMonth(tenant)}</p>`
      }
</li>
`
    )
  }</ul>
`
}
