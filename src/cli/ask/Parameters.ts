/**
 * The parameters of a named query. The comments at its beginning declare them, and no others are accepted:
 *
 *     -- Parameter days: integer, default 7. How many days back.
 *     -- Parameter user: user, required. Whose.
 *     -- Parameter number: text, optional. Only numbers with this in them.
 */
import { Effect, Runtime, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ExitCode } from "../../failure/ExitCode.ts"
import * as Day from "../../text/Day.ts"
import * as Suggestion from "../../text/Suggestion.ts"
import { commandName } from "../terminal/CommandName.ts"
import type { Open } from "./OpenLedger.ts"

/** The types of values. A user and a tenant must be in the ledger; the case of a user's name does not matter. */
const types = ["text", "integer", "day", "user", "tenant"] as const
type Type = typeof types[number]

export interface Parameter {
  readonly name: string
  readonly type: Type
  /** `required`, `optional`, or its default. */
  readonly use: string
  readonly doc: string
}

const needs: Readonly<Record<Type, readonly [what: string, is: (text: string) => boolean]>> = {
  text: ["a text", () => true],
  integer: ["a whole number", (text) => /^\d{1,9}$/.test(text)],
  day: ["a day such as 2026-11-20", Day.isDay],
  user: ["the name of a user", (text) => text !== ""],
  tenant: ["the API host of a tenant", (text) => text !== ""]
}

const declared =
  /^-- *Parameter ([a-z]\w*): (text|integer|day|user|tenant), (required|optional|default \S+)\. +(\S.*?)\s*$/

/** The parameters that the first lines of a query declare. A line that is not a whole declaration is ignored. */
export const parse = (sql: string): ReadonlyArray<Parameter> => {
  const lines = sql.replace(/^\uFEFF/, "").split("\n")
  const end = lines.findIndex((line) => !/^--|^\s*$/.test(line))
  return lines.slice(0, end === -1 ? undefined : end).flatMap((line) => {
    const [_, name, type, use, doc] = declared.exec(line) ?? []
    const known = types.find((known) => known === type)
    return name === undefined || known === undefined || use === undefined || doc === undefined
      ? []
      : [{ name, type: known, use, doc }]
  })
}

/** A parameter as a line of a list. */
export const describe = ({ doc, name, type, use }: Parameter) => `${name}=${type.toUpperCase()} (${use}): ${doc}`

/** A parameter of a query is unknown, missing or malformed. */
export class BadParameter extends Schema.TaggedError<BadParameter>()("BadParameter", {
  detail: Schema.String,
  /** The name of the query with its @, and its parameters. */
  query: Schema.String,
  takes: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    const takes = this.takes.length === 0
      ? `${this.query} takes nothing.`
      : [`${this.query} takes`, ...this.takes].join("\n  ")
    return this.query === "" ? this.detail : `${this.detail} ${takes}`
  }
}

/** `day=2026-11-20` as a name and a value. */
const split = (text: string) => {
  const [_, name, value] = /^([a-z]\w*)=(.*)$/is.exec(text) ?? []
  return name === undefined || value === undefined ? undefined : [name, value] as const
}

/** A query; its name, if it has one, is without the @. */
interface Asked {
  readonly name: string | undefined
  readonly sql: string
}

/** The parameters that a query with a name declares. Other queries take any. */
const declaredBy = ({ name, sql }: Asked) => name === undefined ? [] : parse(sql)

/** Whether a text is NAME=VALUE. */
export const isPair = (text: string): boolean => split(text) !== undefined

/** The given values by name. Fails unless the query declares them; a query without a name takes any. */
export const read = Effect.fnUntraced(function*(query: Asked, given: ReadonlyArray<string>) {
  const takes = declaredBy(query)
  const refuse = (detail: string) =>
    new BadParameter({
      detail,
      query: query.name === undefined ? "" : `@${query.name}`,
      takes: takes.map(describe)
    })
  const values = new Map<string, string>()
  for (const text of given) {
    const pair = split(text)
    if (pair === undefined) return yield* refuse(`"${text}" is not NAME=VALUE.`)
    const [name, value] = pair
    const parameter = takes.find((parameter) => parameter.name === name)
    if (query.name !== undefined && parameter === undefined) {
      return yield* refuse(
        `Unknown parameter "${name}".${Suggestion.didYouMean(name, takes.map((parameter) => parameter.name))}`
      )
    }
    if (values.has(name)) return yield* refuse(`"${name}" is given twice.`)
    const [what, is] = needs[parameter?.type ?? "text"]
    if (!is(value)) return yield* refuse(`${name}=${value} is not ${what}.`)
    values.set(name, value)
  }
  const missing = takes.find(({ name, use }) => use === "required" && !values.has(name))
  if (missing !== undefined) return yield* refuse(`"${missing.name}" is missing.`)
  return values
})

/** The ledger has no user, or no tenant, of that name. */
export class UserNotFound extends Schema.TaggedError<UserNotFound>()("UserNotFound", {
  kind: Schema.Literals(["user", "tenant"]),
  value: Schema.String,
  tenants: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return this.kind === "tenant"
      ? Suggestion.unknown("tenant", this.value, this.tenants)
      : `No user has or had the name "${this.value}" in ${
        this.tenants.join(", ")
      }. To find one: ${commandName()} sql "SELECT username FROM users WHERE username ILIKE '%PART%'"`
  }
}

/** A session over a ledger. */
type Asking = Pick<Open, "at" | "session">

/** The tenants of the ledger. Fails if the given one is not among them. */
export const findTenant = Effect.fnUntraced(function*({ at, session: { all } }: Asking, tenant: string | undefined) {
  const rows = yield* at(all("SELECT DISTINCT tenant FROM runs ORDER BY tenant"))
  const tenants = rows.map(([tenant]) => String(tenant))
  if (tenant !== undefined && !tenants.includes(tenant)) {
    return yield* new UserNotFound({ kind: "tenant", value: tenant, tenants })
  }
  return tenants
})

/** Fails unless the users and the tenant that were given are in the ledger. */
export const find = Effect.fnUntraced(function*(
  ledger: Asking,
  query: Asked,
  values: ReadonlyMap<string, string>
) {
  const { at, session: { all } } = ledger
  const takes = declaredBy(query)
  const of = (kind: Type) =>
    takes.flatMap(({ name, type }) => type === kind && values.has(name) ? [values.get(name) ?? ""] : [])
  const [tenant] = of("tenant")
  const tenants = yield* findTenant(ledger, tenant)
  for (const user of of("user")) {
    const [[isThere] = []] = yield* at(all(
      `SELECT count(*) > 0 FROM users_history WHERE lower(username) = lower(${DuckDb.literal(user)})
       ${tenant === undefined ? "" : `AND tenant = ${DuckDb.literal(tenant)}`}`
    ))
    if (isThere !== true) {
      return yield* new UserNotFound({ kind: "user", value: user, tenants: tenant === undefined ? tenants : [tenant] })
    }
  }
})
