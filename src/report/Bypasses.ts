/** Whom Duo lets in without a method, for how long that has been so, and the bypass codes that work. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../staging/DuckDb.ts"
import { ask, at, Count, Millis, Person, who } from "./Ask.ts"
import { html } from "./Html.ts"
import { list, longest, person } from "./Table.ts"
import type { Subject } from "./Tenant.ts"
import * as Words from "./Words.ts"

const all = Schema.Struct({ all: Count })

const Bypass = Schema.Struct({
  ...Person,
  ...all.fields,
  bypass_reason: Schema.NullOr(Schema.String),
  since: Millis,
  days: Count,
  /** It was so in the first run that could tell: it may be older. */
  at_least: Schema.Boolean,
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
    `WITH versions AS (
       SELECT user_id, valid_from, is_bypass IS TRUE AS is_on,
         lag(is_bypass IS TRUE) OVER version IS NOT DISTINCT FROM true AND lag(valid_to) OVER version = valid_from AS was_on
       FROM users_history WHERE tenant = ${DuckDb.literal(tenant.tenant)}
       WINDOW version AS (PARTITION BY user_id ORDER BY valid_from)
     ), begun AS (
       SELECT user_id, max(valid_from) AS since FROM versions WHERE is_on AND NOT was_on GROUP BY user_id
     )
     SELECT ${who(pii, "users")}, bypass_reason, epoch_ms(since) AS since, since <= ${at(tenant.first)} AS at_least,
       date_diff('day', since, ${
      at(tenant.now)
    }) AS days, epoch_ms(last_login_at) AS last_login, count(*) OVER () AS "all"
     FROM users JOIN begun USING (user_id)
     WHERE tenant = ${DuckDb.literal(tenant.tenant)} AND is_bypass AND status IN ('active', 'bypass')
     ORDER BY since, last_login_at DESC NULLS LAST, user_id LIMIT ${longest}`
  )

const codes = ({ pii, session, tenant }: Subject) =>
  ask(
    session,
    Code,
    `SELECT ${who(pii, "users")}, epoch_ms(c.created_at) AS created, epoch_ms(c.expires_at) AS expires,
       date_diff('day', c.created_at, ${at(tenant.now)}) AS days, count(*) OVER () AS "all"
     FROM bypass_codes c JOIN users USING (tenant, user_id)
     WHERE tenant = ${DuckDb.literal(tenant.tenant)} AND (c.expires_at IS NULL OR c.expires_at > ${at(tenant.now)})
     ORDER BY c.expires_at IS NOT NULL, c.created_at, c.bypass_code_id LIMIT ${longest}`
  )

const why: Readonly<Record<string, string>> = {
  status: "the user’s status",
  group: "a group’s status",
  code: "a bypass code"
}

const reason = (text: string | null) => (text ?? "").split(", ").map((part) => why[part] ?? part).join(", ")

export const bypasses = Effect.fnUntraced(function*(subject: Subject) {
  const { tenant } = subject
  const let_in = yield* users(subject)
  const working = yield* codes(subject)
  return html`<h3>Bypasses and their age</h3>
${
    let_in.length === 0 ? html`<p>Nobody bypasses MFA.</p>` : html`${
      list({
        caption: "Users who bypass MFA",
        rows: let_in,
        all: let_in[0]?.all ?? 0,
        query: "bypass",
        columns: [
          { name: "Who", cell: person },
          { name: "Because of", cell: ({ bypass_reason }) => reason(bypass_reason) },
          {
            name: "Age",
            isFigure: true,
            cell: ({ at_least, days }) => `${at_least ? "≥ " : ""}${Words.counted(days, "day")}`
          },
          { name: "Last login", cell: ({ last_login }) => last_login === null ? "never" : Words.day(last_login) }
        ]
      })
    }${
      let_in.some(({ at_least }) => at_least)
        ? html`<p class="note">≥: it was so already in the first run, on ${Words.day(tenant.first)}.</p>`
        : html``
    }`
  }
<h4>Bypass codes that work</h4>
${
    tenant.tables_collected.split(", ").includes("bypass_codes")
      ? html``
      : html`<p class="note warning">The last run was not allowed to read bypass codes. These are as an earlier one saw them.</p>`
  }
<p>${Words.figure("bypass_codes", working[0]?.all ?? 0)} ${
    (working[0]?.all ?? 0) === 1 ? "code works" : "codes work"
  } now. Those that never end come first.</p>
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
          { name: "Ends", cell: ({ expires }) => expires === null ? html`<strong>never</strong>` : Words.day(expires) }
        ]
      })
    }`
  }
`
})
