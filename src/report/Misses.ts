/** The part about the people behind each broken policy: the first of them by name, and how many there are. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import type { Session } from "../duckdb/DuckDb.ts"
import { ask, Count, hasRows, Millis, type Pii } from "./Ask.ts"
import type { PagePart } from "./Contents.ts"
import { type Html, html } from "./Html.ts"
import { person } from "./PageTable.ts"
import * as Words from "./Words.ts"

/** A broken policy, and the entities that its rows are about. */
export interface Miss {
  readonly policy: string
  readonly is_built_in: boolean
  readonly sentence: string
  readonly severity: string | null
  readonly controls: ReadonlyArray<string>
  /** The number of rows. */
  readonly found: number | null
  readonly about: keyof typeof kinds | null
  /** Each once. They are of the kind that `about` says. */
  readonly entities: ReadonlyArray<{ readonly tenant: string; readonly id: string }>
}

/** The number of names of a policy on the page. */
const namesMax = 20

/** The kinds of entities that the rows of a policy can be about, with the SQL that finds their names. */
const kinds = {
  users: {
    one: "user",
    many: "users",
    view: "users",
    names: `SELECT tenant, user_id AS id, username AS name, realname AS more, last_login_at FROM users`
  },
  administrators: {
    one: "administrator of Duo",
    many: "administrators of Duo",
    view: "admins",
    names: `SELECT tenant, admin_id AS id, name, NULL AS more, last_login_at FROM admins`
  },
  applications: {
    one: "application",
    many: "applications",
    view: "integrations",
    names: `SELECT tenant, integration_key AS id, name, NULL AS more, NULL AS last_login_at FROM integrations`
  }
} as const

const Named = Schema.Struct({
  tenant: Schema.String,
  id: Schema.String,
  name: Schema.NullOr(Schema.String),
  more: Schema.NullOr(Schema.String),
  is_privileged: Schema.Boolean,
  /** The last day of the exception that accepts the risk. */
  accepted_until: Schema.NullOr(Millis),
  /** Of all entities of the policy. */
  privileged: Count,
  accepted: Count
})
type Named = typeof Named.Type

/** The name of its block as an anchor, so that a link to it holds on a later page. */
const anchorOf = ({ policy }: Pick<Miss, "policy">) => `miss-${encodeURIComponent(policy)}`

/** A text that leads to the people behind a policy, if it is broken. */
export const link = (misses: ReadonlyArray<Miss>, policy: string, text: Html): Html => {
  const miss = misses.find((miss) => miss.policy === policy)
  return miss === undefined ? text : html`<a href="#${anchorOf(miss)}">${text}</a>`
}

const severities = ["critical", "high", "medium", "low"]

/** Compares two policies: the most severe comes first, and one without a severity last. */
export const bySeverity = (one: Pick<Miss, "policy" | "severity">, other: Pick<Miss, "policy" | "severity">) => {
  const rank = ({ severity }: Pick<Miss, "severity">) =>
    (severities.indexOf(severity ?? "") + severities.length + 1) % (severities.length + 1)
  return rank(one) - rank(other) || (one.policy < other.policy ? -1 : 1)
}

/** The first entities of a policy: those whom no exception accepts, privileged ones first, then by last login. */
const namesOf = Effect.fnUntraced(function*(session: Session, { about, entities }: Miss) {
  if (about === null || entities.length === 0) return []
  const { names, view } = kinds[about]
  const isUsers = about === "users"
  return yield* ask(
    session,
    Named,
    `WITH entities AS (
       SELECT unnest(from_json(${
      DuckDb.literal(JSON.stringify(entities))
    }, '[{"tenant":"VARCHAR","id":"VARCHAR"}]'), recursive := true)
     ),
     names AS (${
      (yield* hasRows(session, view, "true"))
        ? names
        : "SELECT NULL AS tenant, NULL AS id, NULL AS name, NULL AS more, NULL AS last_login_at WHERE false"
    })
     SELECT s.tenant, s.id, name, more, p.user_id IS NOT NULL AS is_privileged,
       CASE WHEN is_accepted THEN epoch_ms(e.until::TIMESTAMP) END AS accepted_until,
       count(p.user_id) OVER () AS privileged, count(accepted_until) OVER () AS accepted
     FROM entities s LEFT JOIN names ON names.tenant = s.tenant AND names.id = s.id
     LEFT JOIN privileged_users p ON ${isUsers} AND p.tenant = s.tenant AND p.user_id = s.id
     LEFT JOIN exceptions e ON ${isUsers} AND e.tenant = s.tenant AND e.user_id = s.id
     ORDER BY accepted_until IS NOT NULL, is_privileged DESC, last_login_at DESC NULLS LAST, name, s.tenant, s.id
     LIMIT ${namesMax}`
  )
})

const named = ({ accepted_until, id, is_privileged, more, name, tenant }: Named, hasTenants: boolean) =>
  html`<li>${person({ user_id: id, username: name, realname: more })}${
    is_privileged ? html` <span class="tag">privileged</span>` : ""
  }${accepted_until === null ? "" : html` <span class="what">accepted until ${Words.day(accepted_until)}</span>`}${
    hasTenants ? html` <span class="what under">${tenant}</span>` : ""
  }</li>
`

/** "3 users, 1 of them privileged; an exception accepts 2 of them." */
const sum = (miss: Miss, names: ReadonlyArray<Named>) => {
  const { about, entities, found } = miss
  if (about === null) return html`${Words.counted(found ?? 0, "row")}, which name neither a person nor an application.`
  const { many, one } = kinds[about]
  const [{ accepted, privileged } = { accepted: 0, privileged: 0 }] = names
  return html`${Words.figure(`${anchorOf(miss)}.entities`, entities.length)} ${entities.length === 1 ? one : many}${
    privileged === 0
      ? ""
      : entities.length === 1
      ? ", who is privileged"
      : `, ${privileged === entities.length ? "all" : Words.count(privileged)} of them privileged`
  }${
    accepted === 0
      ? ""
      : `; ${accepted === 1 ? "an exception accepts" : "exceptions accept"} ${Words.count(accepted)} of them`
  }.`
}

/** "CIS 6.3", from `cis 6.3`. */
const controlName = (control: string) => control.replace(/^\w+/, (framework) => framework.toUpperCase())

interface Manner {
  readonly pii: Pii
  /** Whether the page is about several tenants; the names then have their tenant, and the headings are one level higher. */
  readonly hasTenants: boolean
}

/** A policy with the people behind it. */
const block = Effect.fnUntraced(function*(session: Session, miss: Miss, { hasTenants, pii }: Manner) {
  const { controls, is_built_in, policy, sentence, severity, entities } = miss
  const names = yield* namesOf(session, miss)
  const more = entities.length - names.length
  const command = html`<code>duo-mfa sql @policies/${policy}</code>`
  const title = html`${sentence === "" || pii === "drop" && !is_built_in ? policy : sentence}`
  const id = anchorOf(miss)
  return html`${
    hasTenants ? html`<h3 class="miss" id="${id}">${title}</h3>` : html`<h4 class="miss" id="${id}">${title}</h4>`
  }
<p>${sum(miss, names)}${severity === null ? "" : html` <span class="tag">${severity}</span>`}${
    controls.length === 0 ? "" : html` <span class="what">Breaks ${controls.map(controlName).join(", ")}.</span>`
  }</p>
${
    pii === "drop" || names.length === 0
      ? html``
      : html`<ul class="names">${names.map((name) => named(name, hasTenants))}</ul>`
  }
<p class="note">${
    pii === "keep" && more > 0 ? html`and ${Words.count(more)} more: ${command} shows all` : html`All rows: ${command}`
  }</p>
`
})

/** Makes the part; nothing if no policy is broken. */
export const people = Effect.fnUntraced(function*(session: Session, misses: ReadonlyArray<Miss>, manner: Manner) {
  if (misses.length === 0) return undefined
  const part: PagePart = {
    id: "misses",
    title: "Who is behind each miss",
    body: html`<p>The people and the applications that break a policy, the most severe first.${
      manner.pii === "keep"
        ? " People whom no exception accepts come first, and of these the privileged ones."
        : " Names are left out."
    }</p>
${yield* Effect.forEach(misses, (miss) => block(session, miss, manner))}`
  }
  return part
})
