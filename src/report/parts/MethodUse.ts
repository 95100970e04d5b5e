/**
 * The section about the methods of active users: how many have enrolled each, may use it, and have used it. It is there if
 * `integrations` or `auth` was run.
 */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { askOne, Count } from "../Ask.ts"
import type { PagePart } from "../Contents.ts"
import { html } from "../Html.ts"
import * as LogCoverage from "../LogCoverage.ts"
import { type PageColumn, table } from "../PageTable.ts"
import { daysBack, type Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"

/** A method, with the SQL that says who has it, whom a policy permits it, and which logins used it. */
const methods = [
  {
    name: "passkey",
    title: "Passkey or security key",
    enrolled: "strength = 'phishing_resistant'",
    permitted:
      "allows_webauthn_platform OR allows_webauthn_platform_pwl OR allows_webauthn_roaming OR allows_webauthn_roaming_pwl",
    used: "strength = 'phishing_resistant'"
  },
  {
    name: "desktop",
    title: "Duo Desktop",
    enrolled: "method_kind = 'desktop'",
    permitted: "allows_desktop",
    used: "strength = 'device_bound'"
  },
  {
    name: "push",
    title: "Push",
    enrolled: "can_push",
    permitted: "allows_duo_push OR allows_duo_push_pwl",
    used: "strength = 'push'"
  },
  {
    name: "passcode",
    title: "Passcode",
    enrolled: "can_otp OR method_kind = 'token'",
    permitted: "allows_duo_passcode OR allows_hardware_token",
    used: "strength = 'otp'"
  },
  {
    name: "text",
    title: "Text message",
    enrolled: "can_sms",
    permitted: "allows_sms",
    used: "strength = 'telephony' AND contains(lower(factor), 'sms')"
  },
  {
    name: "call",
    title: "Phone call",
    enrolled: "can_call",
    permitted: "allows_phonecall",
    used: "strength = 'telephony' AND contains(lower(factor), 'call')"
  }
] as const
type Method = typeof methods[number]

/** The part of the subject that the section needs. */
type Place = Pick<Subject, "session" | "tenant">

const Numbers = Schema.Record(Schema.String, Count)

/** SQL for an object that has a number for each method. */
const object = (number: (method: Method) => string) =>
  `{${methods.map((method) => `'${method.name}': ${number(method)}`).join(", ")}}`

const active = (tenant: string) => `(FROM users WHERE tenant = ${DuckDb.literal(tenant)} AND is_active)`

const enrolled = ({ session, tenant: { tenant } }: Place) =>
  askOne(
    session,
    Schema.Struct({ users: Count, numbers: Numbers }),
    `SELECT (SELECT count(*) FROM ${active(tenant)}) AS users,
       ${object(({ enrolled }) => `count(DISTINCT user_id) FILTER (${enrolled})`)} AS numbers
     FROM mfa_methods SEMI JOIN ${active(tenant)} users USING (tenant, user_id)`
  )

const Permitted = Schema.Struct({ numbers: Numbers, unknown: Numbers })

/** How many users may use each method in at least one application, and of how many this is not known. */
const permitted = ({ session, tenant: { tenant } }: Place) =>
  askOne(
    session,
    Permitted,
    `SELECT ${object(({ name }) => `count(*) FILTER (${name} = 1)`)} AS numbers,
       ${object(({ name }) => `count(*) FILTER (${name} = 0)`)} AS unknown
     FROM (
       SELECT ${
      methods.map(({ name, permitted }) =>
        // 1 if it is permitted somewhere, 0 if it is not known, and otherwise -1
        `max(CASE ((${permitted}) AND user_auth_behavior <> 'deny' AND is_admitted)
           WHEN true THEN 1 WHEN false THEN -1 ELSE 0 END) AS ${name}`
      ).join(", ")
    }
       FROM weakest_permitted SEMI JOIN ${active(tenant)} users USING (tenant, user_id)
       GROUP BY user_id
     )`
  )

const Used = Schema.Struct({
  numbers: Numbers,
  /** Logins with a factor whose strength, or about which it is not known whether it was a second one. */
  unknown: Count
})

const used = ({ session, tenant: { tenant } }: Place, where: string) =>
  askOne(
    session,
    Used,
    `SELECT ${object(({ used }) => `count(DISTINCT user_id) FILTER (used_second_factor AND ${used})`)} AS numbers,
       count(*) FILTER (used_second_factor IS NULL OR used_second_factor AND strength IS NULL) AS unknown
     FROM authentications SEMI JOIN ${active(tenant)} users USING (tenant, user_id)
     WHERE ${where} AND result = 'success'`
  )

/** A number of users; what is not known is never zero. */
const figure = (name: string, value: number, isAll: boolean) =>
  !isAll && value === 0 ? html`not known` : Words.atLeast(name, value, isAll)

/** "Logins before 31 Oct 2026 were not read." */
const gapsOf = ({ from, gaps }: LogCoverage.Log) => {
  const [first, ...others] = gaps
  if (first === undefined) return html``
  return others.length === 0 && first.from === from
    ? html`Logins before ${Words.instant(first.to)} have not been read. `
    : html`Not all logins of the ${daysBack} days have been read. `
}

interface Known {
  readonly may: typeof Permitted.Type | undefined
  readonly did: typeof Used.Type | undefined
  readonly log: LogCoverage.Log | undefined
  readonly isAllUsed: boolean
}

/** Why some numbers are not known. */
const notes = ({ did, isAllUsed, log, may }: Known) => {
  const hasUnknown = may !== undefined && methods.some(({ name }) => may.unknown[name] !== 0)
  return [
    may === undefined
      ? html`Nobody has read what policies permit: <code>duo-mfa extract integrations</code>. `
      : html``,
    log === undefined ? html`Nobody has read the log of logins: <code>duo-mfa extract auth</code>. ` : gapsOf(log),
    did === undefined || did.unknown === 0
      ? html``
      : html`Of ${Words.counted(did.unknown, "login")} the method is not known. `,
    hasUnknown ? html`For some users it is not known what is permitted. ` : html``,
    hasUnknown || did !== undefined && !isAllUsed ? html`≥ means at least.` : html``
  ]
}

/** Makes the section. */
export const methodUse = Effect.fnUntraced(function*(subject: Place) {
  const { session, tenant: { tenant } } = subject
  const isPermittedKnown = yield* LogCoverage.wasRun(session, tenant, "integrations")
  const may = isPermittedKnown ? yield* permitted(subject) : undefined
  const log = yield* LogCoverage.find(session, tenant)
  if (!isPermittedKnown && log === undefined) return undefined
  const has = yield* enrolled(subject)
  const did = log === undefined ? undefined : yield* used(subject, log.where)
  const isAllUsed = log?.gaps.length === 0 && did?.unknown === 0
  const column = (name: string, cell: PageColumn<Method>["cell"]): PageColumn<Method> => ({
    name,
    isFigure: true,
    cell
  })
  const columns = [
    column("Enrolled by", ({ name }) => Words.figure(`methods.${name}.enrolled`, has.numbers[name] ?? 0)),
    column("Permitted to", ({ name }) =>
      may === undefined
        ? "not known"
        : figure(`methods.${name}.permitted`, may.numbers[name] ?? 0, may.unknown[name] === 0)),
    column(
      `Used by, in ${daysBack} days`,
      ({ name }) => did === undefined ? "not known" : figure(`methods.${name}.used`, did.numbers[name] ?? 0, isAllUsed)
    )
  ]
  const part: PagePart = {
    id: "methods",
    title: "Enrolled, permitted, used",
    body: html`<p>Of the ${
      Words.counted(has.users, "active user")
    }, how many have enrolled each method, may use it in at least one application, and logged in with it.</p>
${
      table({
        caption: "Methods of the active users",
        isNarrow: true,
        rows: methods,
        columns: [{ name: "Method", cell: ({ title }) => title }, ...columns]
      })
    }<p class="note">${notes({ may, did, log, isAllUsed })}</p>
`
  }
  return part
})
