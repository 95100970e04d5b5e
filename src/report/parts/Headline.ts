/** The first section: the protection of the users, and its change. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { askOne, at, Count } from "../Ask.ts"
import { html } from "../Html.ts"
import { overMonth, type Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"

const State = Schema.Struct({
  users: Count,
  mfa_enabled: Count,
  phishing_resistant: Count,
  only_telephony: Count,
  unprotected: Count,
  /** NULL if it is not known for all users. */
  bypass: Schema.NullOr(Count),
  bypass_at_least: Count,
  coverage: Schema.NullOr(Schema.Finite),
  phishing_resistant_pct: Schema.NullOr(Schema.Finite)
})
type State = typeof State.Type

/** The figures of a tenant at an instant, counted as coverage_daily counts them. */
const stateAt = ({ session, tenant }: Subject, millis: number) =>
  askOne(
    session,
    State,
    `SELECT *, round(100.0 * mfa_enabled / nullif(users, 0), 1)::DOUBLE AS coverage,
       round(100.0 * phishing_resistant / nullif(users, 0), 1)::DOUBLE AS phishing_resistant_pct
     FROM (
       SELECT count(*) FILTER (is_active) AS users,
         count(*) FILTER (is_active AND mfa_enabled) AS mfa_enabled,
         count(*) FILTER (is_active AND mfa_enabled AND has_phishing_resistant) AS phishing_resistant,
         count(*) FILTER (is_active AND only_telephony) AS only_telephony,
         count(*) FILTER (is_active AND strongest = 'none') AS unprotected,
         count(*) FILTER (is_bypass) AS bypass_at_least,
         CASE WHEN count(*) FILTER (is_bypass IS NULL) = 0
           THEN bypass_at_least END AS bypass
       FROM users_asof(${at(millis)}) WHERE tenant = ${DuckDb.literal(tenant.tenant)}
     )`
  )

interface Card {
  readonly name: Exclude<keyof State, "bypass_at_least">
  readonly title: string
  readonly unit: "" | " pts"
  readonly wanted: "more" | "less"
  readonly sentence: (state: State) => string
}

const of = (part: number, { users }: State) => `${Words.count(part)} of ${Words.counted(users, "active user")}`

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
const shown = ({ name, unit }: Card, state: State) =>
  unit === " pts"
    ? Words.figure(name, Words.percent(state[name]))
    : Words.atLeast(name, state[name] ?? state.bypass_at_least, state[name] !== null)

/** Makes the section: a card per figure. */
export const headline = Effect.fnUntraced(function*(subject: Subject) {
  const { tenant } = subject
  const now = yield* stateAt(subject, tenant.now)
  const before = tenant.before === null ? null : yield* stateAt(subject, tenant.before)
  const monthAgo = yield* stateAt(subject, tenant.monthAgo)
  const moved = ({ name, unit, wanted }: Card, since: string, then: State) => {
    const [is, was] = [now[name], then[name]]
    return Words.change(`${name}.${since}`, is === null || was === null ? null : is - was, unit, wanted)
  }
  return html`<ul class="cards">${
    cards.map((card) =>
      html`<li class="card ${card.name}">
<p class="headline"><span class="number">${shown(card, now)}</span> <span class="whole">${card.title}</span></p>
<p class="says">${card.sentence(now)}</p>
${
        before === null
          ? html`<p class="moved">The first run: nothing to compare with yet.</p>`
          : html`<p class="moved">${moved(card, "before", before)} since the last run</p>
<p class="moved">${moved(card, "month", monthAgo)} ${overMonth(tenant)}</p>`
      }
</li>
`
    )
  }</ul>
`
})
