/** The section about users whom Duo lets in without a method, since when, and about bypass codes that work. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, askOne, at, Count, Millis, Person, who } from "../Ask.ts"
import type { PagePart } from "../Contents.ts"
import { html } from "../Html.ts"
import { list, person, rowsMax } from "../PageTable.ts"
import type { ReportTenant, Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"

const all = Schema.Struct({ all: Count })

const Bypass = Schema.Struct({
  ...Person,
  ...all.fields,
  bypass_reason: Schema.NullOr(Schema.String),
  since: Millis,
  days: Count,
  may_be_older: Schema.Boolean,
  last_login: Schema.NullOr(Millis)
})

const Code = Schema.Struct({
  ...Person,
  ...all.fields,
  created: Schema.NullOr(Millis),
  days: Schema.NullOr(Count),
  expires: Schema.NullOr(Millis)
})

const users = ({ pii, session, tenant }: Subject) =>
  ask(
    session,
    Bypass,
    `SELECT ${who(pii, "b")}, bypass_reason, epoch_ms(since) AS since, may_be_older, days,
       epoch_ms(last_login_at) AS last_login, count(*) OVER () AS "all"
     FROM bypasses b WHERE tenant = ${DuckDb.literal(tenant.tenant)}
     ORDER BY last_login_at DESC NULLS LAST, since, user_id LIMIT ${rowsMax}`
  )

const codes = ({ pii, session, tenant }: Subject) =>
  ask(
    session,
    Code,
    `SELECT ${who(pii, "users")}, epoch_ms(c.created_at) AS created, epoch_ms(c.expires_at) AS expires,
       date_diff('day', c.created_at, ${at(tenant.now)}) AS days, count(*) OVER () AS "all"
     FROM bypass_codes c JOIN users USING (tenant, user_id)
     WHERE tenant = ${DuckDb.literal(tenant.tenant)} AND (c.expires_at IS NULL OR c.expires_at > ${at(tenant.now)})
     ORDER BY c.expires_at IS NOT NULL, c.created_at, c.bypass_code_id LIMIT ${rowsMax}`
  )

const why: Readonly<Record<string, string>> = {
  status: "the user is on bypass",
  group: "a group is on bypass",
  code: "a bypass code"
}

/** The number of users for whom the last run could not tell whether they bypass MFA. */
const unknownBypasses = ({ session, tenant }: Subject) =>
  askOne(
    session,
    all,
    `SELECT count(*) AS "all" FROM users
     WHERE tenant = ${DuckDb.literal(tenant.tenant)} AND is_bypass IS NULL`
  )

/** The sentence about the number of codes that work, and about the run that counted them. */
const codesThatWork = ({ codes, now }: ReportTenant, count: number) => {
  if (codes === null) {
    return html`<p class="note warning">The runs so far were not allowed to read bypass codes. It is not known whether there are codes that work.</p>`
  }
  const figure = Words.figure("bypass_codes", count)
  return codes === now
    ? html`<p>${figure} ${count === 1 ? "code works" : "codes work"} now.${
      count < 2 ? "" : " Those that never end come first."
    }</p>`
    : html`<p class="note warning">The last run was not allowed to read bypass codes. This list is from the run of ${
      Words.day(codes)
    }. Some of these codes may not work any more, and newer codes are missing.</p>
<p>${figure} ${count === 1 ? "has" : "have"} not expired since.${
      count < 2 ? "" : " Those that never end come first."
    }</p>`
}

const reason = (text: string | null) => (text ?? "").split(", ").map((part) => why[part] ?? part).join(", ")

/** Makes the section. */
export const bypasses = Effect.fnUntraced(function*(subject: Subject) {
  const { tenant } = subject
  const let_in = yield* users(subject)
  const working = yield* codes(subject)
  const { all: unknown } = yield* unknownBypasses(subject)
  const part: PagePart = {
    id: "bypasses",
    title: "Bypasses and their age",
    body: html`${
      unknown === 0
        ? html``
        : html`<p class="note warning">For ${
          Words.counted(unknown, "user")
        } it is not known whether they bypass MFA, because not all bypass codes could be read.</p>`
    }${
      let_in.length === 0 ?
        html`<p>${unknown === 0 ? "Nobody bypasses MFA." : "Nobody is known to bypass MFA."}</p>` :
        html`<p>The last to log in comes first.</p>
${
          list({
            caption: "Users who bypass MFA",
            rows: let_in,
            all: let_in[0]?.all ?? 0,
            query: "bypass",
            columns: [
              { name: "Who", cell: person },
              {
                name: "Because of",
                cell: ({ bypass_reason }) => reason(bypass_reason)
              },
              {
                name: "Age",
                isFigure: true,
                cell: ({ days, may_be_older }) => `${may_be_older ? "≥ " : ""}${Words.counted(days, "day")}`
              },
              { name: "Last login", cell: ({ last_login }) => Words.lastLogin(last_login) }
            ]
          })
        }${
          let_in.some(({ may_be_older }) => may_be_older)
            ? html`<p class="note">≥ means at least: the first run that could tell found the bypass already.</p>`
            : html``
        }`
    }
<h4>Bypass codes that work</h4>
${codesThatWork(tenant, working[0]?.all ?? 0)}
${
      working.length === 0 ? html`` : html`${
        list({
          caption: "Bypass codes that work",
          rows: working,
          all: working[0]?.all ?? 0,
          query: "bypass-codes",
          columns: [
            { name: "Whose", cell: person },
            { name: "Age", isFigure: true, cell: ({ days }) => days === null ? "unknown" : Words.counted(days, "day") },
            {
              name: "Ends",
              cell: ({ expires }) => expires === null ? html`<strong>never</strong>` : Words.day(expires)
            }
          ]
        })
      }`
    }
`
  }
  return part
})
