/** The section about the runs: whether each was proved complete, and the days without a run. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, askOne, Count, Millis } from "../Ask.ts"
import * as Chart from "../Chart.ts"
import type { PagePart } from "../Contents.ts"
import { html } from "../Html.ts"
import { table } from "../PageTable.ts"
import type { Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"
import { daysMin, type daysOf } from "./OverTime.ts"

const runsMax = 31

const Totals = Schema.Struct({ runs: Count, complete: Count })

const Run = Schema.Struct({
  at: Millis,
  complete: Schema.Boolean,
  incomplete_reason: Schema.NullOr(Schema.String),
  users: Count,
  total_objects: Schema.NullOr(Count),
  has_codes: Schema.Boolean
})

/** Makes the section. */
export const runs = Effect.fnUntraced(
  function*({ session, tenant }: Subject, days: Effect.Success<ReturnType<typeof daysOf>>) {
    const name = DuckDb.literal(tenant.tenant)
    const totals = yield* askOne(
      session,
      Totals,
      `SELECT count(*) AS runs, count(*) FILTER (complete) AS complete FROM runs WHERE pipeline = 'mfa' AND tenant = ${name}`
    )
    const last = yield* ask(
      session,
      Run,
      `SELECT epoch_ms(observed_at) AS at, complete, incomplete_reason, users, total_objects,
         list_contains(string_split(tables_collected, ', '), 'bypass_codes') AS has_codes
       FROM runs WHERE pipeline = 'mfa' AND tenant = ${name} ORDER BY observed_at DESC LIMIT ${runsMax}`
    )
    const without = days.filter(({ complete }) => complete === null).length
    const summary = `${Words.count(totals.complete)} of ${Words.counted(totals.runs, "run")} read every user. ${
      without === 0 ? "There was one every day" : `${Words.counted(without, "day")} had none`
    } in the ${Words.counted(days.length, "day")} shown.`
    const rows = html`<details><summary>The runs as a table</summary>
${
      table({
        caption: `The last ${last.length} runs`,
        rows: last,
        columns: [
          { name: "When", cell: ({ at }) => Words.instant(at) },
          {
            name: "Every user read",
            cell: ({ complete, incomplete_reason }) =>
              complete ? "yes" : html`<strong>no</strong>: ${incomplete_reason}`
          },
          { name: "Users seen", isFigure: true, cell: ({ users }) => Words.count(users) },
          {
            name: "Users in Duo",
            isFigure: true,
            cell: ({ total_objects }) => total_objects === null ? "not known" : Words.count(total_objects)
          },
          { name: "Bypass codes", cell: ({ has_codes }) => has_codes ? "read" : "not allowed to read" }
        ]
      })
    }${
      last.length >= totals.runs
        ? html``
        : html`<p class="note">All of them: <code>duo-mfa sql @runs runs=${totals.runs}</code></p>`
    }</details>`
    const chart = days.length < daysMin ? undefined : yield* Chart.draw({
      label: `One bar per day: high for a complete run, half as high for one that may have missed users. ${summary}`,
      days: days.map(({ day }) => day),
      height: 56,
      hasPercent: false,
      series: [
        { kind: "bar", colour: "better", values: days.map(({ complete }) => complete === true ? 1 : null) },
        { kind: "bar", colour: "worse", values: days.map(({ complete }) => complete === false ? 0.5 : null) }
      ]
    })
    const part: PagePart = {
      id: "runs",
      title: "The runs behind this page",
      body: html`<p>${Words.figure("runs.complete", totals.complete)} of ${
        Words.figure("runs", totals.runs)
      } runs read every user that Duo had, and proved it. ${
        without === 0 ? "There was a run every day" : html`${Words.counted(without, "day")} had no run`
      } in the ${
        Words.counted(days.length, "day")
      } shown. A run without this proof may have missed users: it adds and updates users, and removes nobody.</p>
${
        chart === undefined ? rows : html`<figure><figcaption>The last run of each day
<span class="key"><svg class="better" aria-hidden="true" viewBox="0 0 8 12" width="8" height="12"><path d="M4 0v12"/></svg>every user was read</span>
<span class="key"><svg class="worse" aria-hidden="true" viewBox="0 0 8 12" width="8" height="12"><path d="M4 6v6"/></svg>users may be missing</span>
<span class="key">a gap: no run</span></figcaption>
${chart}
${rows}</figure>`
      }
`
    }
    return part
  }
)
