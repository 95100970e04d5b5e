/** The section about coverage and factors per day; days without a run are gaps. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, Count } from "../Ask.ts"
import * as Chart from "../Chart.ts"
import type { PagePart } from "../Contents.ts"
import { type Html, html } from "../Html.ts"
import { table } from "../PageTable.ts"
import type { Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"

/** The largest number of days in the charts. */
const daysMax = 366

/** The smallest number of days that a chart needs to show anything. */
export const daysMin = 3

const Day = Schema.Struct({
  day: Schema.String,
  users: Count,
  coverage_pct: Schema.NullOr(Schema.Finite),
  phishing_resistant_pct: Schema.NullOr(Schema.Finite),
  /** Values of the day's last run; NULL on a day without a run. */
  complete: Schema.NullOr(Schema.Boolean),
  mix: Schema.Record(Schema.String, Count)
})
type Day = typeof Day.Type

/** The days of a tenant that the charts show, the oldest first. */
export const daysOf = ({ session, tenant }: Subject) => {
  const name = DuckDb.literal(tenant.tenant)
  const mix = Words.strengths.map(([strength]) =>
    `'${strength}': count(*) FILTER (u.is_active AND u.strongest = '${strength}')`
  )
  return ask(
    session,
    Day,
    `WITH days AS (
       SELECT * FROM coverage_daily WHERE tenant = ${name} ORDER BY day DESC LIMIT ${daysMax}
     ), seen AS (
       SELECT days.*, runs.complete FROM days LEFT JOIN runs
         ON runs.pipeline = 'mfa' AND runs.tenant = days.tenant AND runs.observed_at = days.known_at
           AND (runs.observed_at AT TIME ZONE 'UTC')::DATE = days.day
     )
     SELECT day::VARCHAR AS day, users, coverage_pct, phishing_resistant_pct, complete, {${mix.join(", ")}} AS mix
     FROM seen LEFT JOIN users_history u
       ON u.tenant = seen.tenant AND u.valid_from <= known_at AND (u.valid_to IS NULL OR u.valid_to > known_at)
     GROUP BY ALL ORDER BY day`
  )
}

const valuesOf = (days: ReadonlyArray<Day>, value: (day: Day) => number | null) =>
  days.map((day) => day.complete === null ? null : value(day))

const from = (days: ReadonlyArray<Day>) =>
  `${Words.counted(days.length, "day")} to ${Words.shortDay(days.at(-1)?.day ?? "")}`

const gaps = (days: ReadonlyArray<Day>) =>
  html`<p class="note">${
    [
      ...days.some(({ complete }) => complete === null) ? ["A gap is a day without a run."] : [],
      ...days.some(({ complete }) => complete === false) ? ["A ring is a run that may have missed users."] : []
    ].join(" ")
  }</p>`

const asTable = (
  days: ReadonlyArray<Day>,
  caption: string,
  columns: ReadonlyArray<readonly [string, (day: Day) => string | number]>
) =>
  html`<details><summary>Every day as a table</summary><div class="scrolls" tabindex="0" role="region" aria-label="${caption}">${
    table({
      caption,
      isNarrow: true,
      rows: days.toReversed(),
      columns: [
        { name: "Day", cell: ({ day }) => html`<time>${day}</time>` },
        ...columns.map(([name, cell]) => ({
          name,
          isFigure: true,
          cell: (day: Day) => day.complete === null ? "no run" : cell(day)
        }))
      ]
    })
  }</div></details>`

/** Two lines: users with MFA, and users with a phishing-resistant method; and the target, if there is one. */
export const coverage = Effect.fnUntraced(function*(days: ReadonlyArray<Day>, { target }: Subject) {
  if (days.length < daysMin) return undefined
  const last = days.at(-1)
  const doubtful = days.map(({ complete }) => complete === false)
  const chart = yield* Chart.draw({
    label: `Line chart: of the active users, ${Words.percent(last?.coverage_pct ?? null)} have MFA and ${
      Words.percent(last?.phishing_resistant_pct ?? null)
    } a phishing-resistant method, after ${Words.percent(days[0]?.coverage_pct ?? null)} and ${
      Words.percent(days[0]?.phishing_resistant_pct ?? null)
    } on the first day shown. The table below has every day.`,
    days: days.map(({ day }) => day),
    height: 260,
    hasPercent: true,
    series: [
      {
        kind: "line",
        colour: "mfa",
        values: valuesOf(days, (day) => day.coverage_pct),
        doubtful,
        end: Words.percent(last?.coverage_pct ?? null)
      },
      {
        kind: "line",
        colour: "phishing_resistant",
        values: valuesOf(days, (day) => day.phishing_resistant_pct),
        doubtful,
        end: Words.percent(last?.phishing_resistant_pct ?? null)
      },
      ...target === null
        ? []
        : [{ kind: "line", colour: "warn", isDashed: true, values: days.map(() => target) } as const]
    ]
  })
  const part: PagePart = {
    id: "coverage",
    title: "Coverage over time",
    body: html`<figure><figcaption>Percent of the active users, ${from(days)}
<span class="key"><svg class="mfa" aria-hidden="true" viewBox="0 0 16 10" width="16" height="10"><path d="M0 5h16"/></svg>have MFA</span>
<span class="key"><svg class="phishing_resistant" aria-hidden="true" viewBox="0 0 16 10" width="16" height="10"><path d="M0 5h16"/></svg>have a phishing-resistant method</span>${
      target === null
        ? ""
        : html`
<span class="key"><svg class="target" aria-hidden="true" viewBox="0 0 16 10" width="16" height="10"><path d="M0 5h16"/></svg>the target of ${target}%</span>`
    }</figcaption>
${chart}
${gaps(days)}
${
      asTable(days, "Coverage by day", [
        ["Active users", ({ users }) => users],
        ["With MFA", ({ coverage_pct }) => Words.percent(coverage_pct)],
        ["Phishing-resistant", ({ phishing_resistant_pct }) => Words.percent(phishing_resistant_pct)]
      ])
    }</figure>
`
  }
  return part
})

const mixOf = (day: Day | undefined, strength: string) => day?.mix[strength] ?? 0

const partOf = (title: string, body: Html): PagePart => ({ id: "strongest", title, body })

/** The strongest methods of the active users: one bar per day, and the figures of today. */
export const factorMix = Effect.fnUntraced(function*(days: ReadonlyArray<Day>, { tenant }: Subject) {
  const last = days.at(-1)
  const monthAgo = days.findLast(({ day }) => Date.parse(day) <= tenant.monthAgo)
  const now = table({
    caption: "The strongest methods of the active users now",
    isNarrow: true,
    rows: Words.strengths,
    columns: [
      {
        name: "Strongest method",
        cell: ([strength, name, what]) =>
          html`<svg class="swatch ${strength}" aria-hidden="true" viewBox="0 0 12 12" width="12" height="12"><rect width="12" height="12"/></svg>${name} <span class="what">${what}</span>`
      },
      { name: "Users", isFigure: true, cell: ([strength]) => Words.figure(`mix.${strength}`, mixOf(last, strength)) },
      { name: "Share", isFigure: true, cell: ([strength]) => Words.share(mixOf(last, strength), last?.users ?? 0) },
      ...days.length < 2 ? [] : [{
        name: monthAgo === undefined ? "Change" : `Since ${Words.shortDay(monthAgo.day)}`,
        isFigure: true,
        cell: ([strength]: typeof Words.strengths[number]) =>
          Words.change(
            `mix.${strength}.month`,
            mixOf(last, strength) - mixOf(monthAgo ?? last, strength),
            "",
            strength === "phishing_resistant"
              ? "more"
              : strength === "telephony" || strength === "none"
              ? "less"
              : "either"
          )
      }]
    ]
  })
  if (days.length < daysMin) return partOf("Strongest methods", now)
  const chart = yield* Chart.draw({
    label: `Stacked bars, one per day: the strongest method of each active user. On the last day ${
      Words.strengths.map(([strength, name]) => `${name} ${Words.share(mixOf(last, strength), last?.users ?? 0)}`)
        .join(", ")
    }. The table below has every day.`,
    days: days.map(({ day }) => day),
    height: 240,
    hasPercent: true,
    series: Words.strengths.map(([strength]) => ({
      kind: "bar",
      colour: strength,
      values: valuesOf(days, (day) => day.users === 0 ? null : 100 * mixOf(day, strength) / day.users)
    }))
  })
  return partOf(
    "Factor mix over time",
    html`<figure><figcaption>The strongest method of each active user, in percent, ${from(days)}</figcaption>
${chart}
${now}${
      asTable(
        days,
        "Strongest methods by day",
        Words.strengths.map(([strength, name]) => [name, (day) => mixOf(day, strength)])
      )
    }</figure>
`
  )
})
