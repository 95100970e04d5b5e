/**
 * The tenant of an emulator: any number of invented users, or users that are given. It can be edited between requests.
 */
import { Schema } from "effect"
import { administrator, defaultCount } from "./Administrators.ts"
import { seedOf } from "./Dice.ts"
import { bypassCode, codesAmong, codesOf, firstCodeOf, ownerOf } from "./InventedCodes.ts"
import { invent, type Protected, type ProtectedTexts, textsOf } from "./InventedPolicies.ts"
import { type InventedTenant, kinds } from "./Methods.ts"
import { person, usernameText } from "./Person.ts"
import { dumps, type JsonObject, parseObject } from "./PythonJson.ts"
import { hostile } from "./tables/Hostile.ts"
import type { People, PeopleTables } from "./tables/PeopleTables.ts"
import { plausible } from "./tables/Plausible.ts"

const UserJson = Schema.Record(Schema.String, Schema.Json)

const Position = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** A change at a position in the list of users or of administrators. */
export const Edit = Schema.Union([
  Schema.Struct({ edit: Schema.Literal("add"), at: Position, user: Schema.optionalKey(UserJson) }),
  Schema.Struct({ edit: Schema.Literal("remove"), at: Position }),
  Schema.Struct({ edit: Schema.Literal("rename"), at: Position, username: Schema.String }),
  Schema.Struct({ edit: Schema.Literal("replace"), at: Position, user: UserJson }),
  Schema.Struct({ edit: Schema.Literal("add_admin"), at: Position, admin: UserJson }),
  Schema.Struct({ edit: Schema.Literal("remove_admin"), at: Position })
])
export type Edit = typeof Edit.Type

export interface Tenant {
  /** The current number of users. */
  readonly size: () => number
  /** The JSON text of the user at a position. */
  readonly text: (at: number) => string
  readonly user: (at: number) => JsonObject
  /** The positions of the users whose field has the value. Upper and lower case are the same. */
  readonly where: (field: "user_id" | "username" | "email", values: ReadonlyArray<string>) => ReadonlyArray<number>
  readonly bypassCodes: () => number
  /** The JSON text of a bypass code. */
  readonly bypassCode: (at: number) => string
  readonly admins: () => number
  /** The JSON text of an administrator. */
  readonly admin: (at: number) => string
  /** The policies and the applications. */
  readonly protected: ProtectedTexts
  /** Changes the list. A position beyond the end changes nothing, except that `add` appends there. */
  readonly edit: (edit: Edit) => void
}

/** 1 November 2026. Everything in an invented tenant happened before it. */
export const defaultEpoch = Date.UTC(2026, 10, 1) / 1000

/** A user that was given or changed: the JSON text, and the number of the invented user that it was. */
interface Given {
  readonly text: string
  readonly of: number | undefined
}

const tables = { plausible, hostile }

/** The tables that people and their tenant are invented from. */
export const tablesOf = (people: People | undefined): PeopleTables => tables[people ?? "plausible"]

interface Start {
  readonly tenantSeed: InventedTenant
  /** The number of invented users at the start. */
  readonly invented: number
  readonly given: ReadonlyArray<Given>
  readonly codes: ReadonlyArray<string>
  readonly admins: ReadonlyArray<string>
  readonly protected?: Protected | undefined
}

const start = (
  { admins: firstAdmins, codes, given, tenantSeed: ground, invented, protected: things }: Start
): Tenant => {
  const admins = [...firstAdmins]
  /** Undefined until the first edit. Then it has the number or the text of every user. */
  let entries: Array<number | Given> | undefined = given.length > 0 ? [...given] : undefined
  let codeNumbers: ReadonlyArray<readonly [code: number, owner: JsonObject]> | undefined
  let next = invented
  const size = () => entries === undefined ? invented : entries.length
  const entry = (at: number): number | Given | undefined => entries === undefined ? at : entries[at]
  const number = (at: number) => {
    const found = entry(at)
    return typeof found === "object" ? found.of : found
  }
  const text = (at: number): string => {
    const found = entry(at)
    return typeof found === "object" ? found.text : person(ground, found ?? at)
  }
  const user = (at: number) => parseObject(text(at))
  const editedCodes = () =>
    codeNumbers ??= Array.from({ length: size() }, (_, at) => at).flatMap((at) => {
      const n = number(at)
      return n === undefined || codesOf(n) === 0
        ? []
        : Array.from({ length: codesOf(n) }, (_, k) => [firstCodeOf(n) + k, user(at)] as const)
    })
  /** Avoids making whole users where possible: an id contains its number, and usernames can be made alone. */
  const where: Tenant["where"] = (field, values) => {
    const wanted = new Set(values.map((value) => value.toLowerCase()))
    const has = (value: unknown) => typeof value === "string" && wanted.has(value.toLowerCase())
    const everyone = Array.from({ length: size() }, (_, at) => at)
    if (entries === undefined && field === "user_id") {
      const ids = kinds(ground.seed).users
      return values.map(ids.numberOf).filter((n) => n >= 0 && n < invented && has(ids.of(n)))
    }
    if (entries === undefined && field === "username" && invented > 10_000) {
      return everyone.filter((n) => has(JSON.parse(usernameText(ground, n))))
    }
    return everyone.filter((at) => {
      const found = user(at)
      return has(found[field]) || field === "username" && Object.values(found["aliases"] ?? {}).some(has)
    })
  }
  return {
    size,
    text,
    user,
    where,
    bypassCodes: () => codes.length + (entries === undefined ? codesAmong(invented) : editedCodes().length),
    bypassCode: (at) => {
      const given = codes[at]
      if (given !== undefined) return given
      const [code, owner] = entries === undefined
        ? [at, user(ownerOf(at - codes.length))]
        : editedCodes()[at - codes.length] ?? [at, {}]
      return bypassCode(ground, code, owner)
    },
    admins: () => admins.length,
    admin: (at) => admins[at] ?? "{}",
    protected: textsOf(things ?? invent(ground)),
    edit: (edit) => {
      if (edit.edit === "add_admin") return void admins.splice(edit.at, 0, dumps(edit.admin))
      if (edit.edit === "remove_admin") return void admins.splice(edit.at, 1)
      entries ??= Array.from({ length: invented }, (_, n) => n)
      codeNumbers = undefined
      if (edit.edit === "add") {
        entries.splice(edit.at, 0, edit.user === undefined ? next++ : { text: dumps(edit.user), of: undefined })
        return
      }
      if (entries[edit.at] === undefined) return
      switch (edit.edit) {
        case "remove":
          entries.splice(edit.at, 1)
          break
        case "rename":
          entries[edit.at] = { text: dumps({ ...user(edit.at), username: edit.username }), of: number(edit.at) }
          break
        case "replace":
          entries[edit.at] = { text: dumps(edit.user), of: number(edit.at) }
      }
    }
  }
}

const someAdmins = (ground: InventedTenant, count: number) =>
  Array.from({ length: count }, (_, n) => administrator(ground, n))

/** A tenant of invented users. The same seed gives the same bytes, and user n is the same in a tenant of any size. */
export const make = (options: {
  readonly users: number
  readonly seed?: number | string | undefined
  readonly epoch?: number | undefined
  readonly administrators?: number | undefined
  /** If not given, plausible. Tests of oddities need hostile people. */
  readonly people?: People | undefined
}): Tenant => {
  const ground = {
    seed: seedOf(options.seed ?? 1),
    epoch: options.epoch ?? defaultEpoch,
    tables: tablesOf(options.people)
  }
  const admins = someAdmins(ground, options.administrators ?? defaultCount)
  return start({ tenantSeed: ground, invented: options.users, given: [], codes: [], admins })
}

/**
 * A tenant of exactly these users, whatever they look like, and these bypass codes; and of these or invented
 * administrators, policies and applications.
 */
export const fromUsers = (
  users: ReadonlyArray<JsonObject>,
  bypassCodes: ReadonlyArray<JsonObject> = [],
  admins?: ReadonlyArray<JsonObject>,
  things?: Protected
): Tenant => {
  const ground = { seed: seedOf(1), epoch: defaultEpoch, tables: plausible }
  return start({
    tenantSeed: ground,
    invented: 0,
    given: users.map((user) => ({ text: dumps(user), of: undefined })),
    codes: bypassCodes.map(dumps),
    admins: admins?.map(dumps) ?? someAdmins(ground, defaultCount),
    protected: things
  })
}
