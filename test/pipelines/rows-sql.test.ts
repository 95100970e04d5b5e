/** The SELECTs of the pipelines make the same cells as independent TypeScript code does of the same objects. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Result } from "effect"
import * as AdminTables from "../../pipelines/admins/Tables.ts"
import * as MfaTables from "../../pipelines/mfa/Tables.ts"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as FieldCounts from "../../src/duckdb/FieldCounts.ts"
import { Admin, decodeAdmins } from "../../src/duo/wire/Admin.ts"
import { BypassCode, decodeBypassCodes } from "../../src/duo/wire/BypassCode.ts"
import { columns } from "../../src/duo/wire/Columns.ts"
import { WireUser } from "../../src/duo/wire/User.ts"
import { replaceHalves } from "../../src/duo/wire/WellFormed.ts"
import { Dice } from "../../src/emulator/people/Dice.ts"
import type { Row } from "../../src/Table.ts"
import * as AdminTally from "../oracle/AdminTally.ts"
import { contradictionOf } from "../oracle/Contradiction.ts"
import * as Fields from "../oracle/Fields.ts"
import { flatten } from "../oracle/Flatten.ts"
import { unknownValues } from "../oracle/Known.ts"
import * as MfaTally from "../oracle/Tally.ts"
import { decodeUsers } from "../oracle/User.ts"
import * as Hostile from "../support/hostile/objects.ts"
import { cut, odd } from "../support/odd-users.ts"
import { assertRows, makeRows, open, type Reading, rowsOf, selectOf, sql } from "../support/run-database.ts"
import { codePage, userPage } from "../torture/fuzz/pages.ts"

const mfaTables = [MfaTables.users, MfaTables.mfaMethods, MfaTables.userGroups, MfaTables.bypassCodes]
const adminTables = [AdminTables.admins, AdminTables.adminMethods]
const pipelines = [["mfa", mfaTables], ["admins", adminTables]] as const

/** One run with objects as odd as the schema allows. The users have the same ids in every run. */
const hostile = (seed: number, hasAllCodes: boolean | undefined): Reading => {
  const dice = new Dice(seed)
  const size = 3500
  return {
    stamp: { run_id: `run${seed}`, observed_at: 1_793_499_999_999_999n + BigInt(seed), tenant: `tenant${seed}` },
    hasAllCodes,
    users: Array.from({ length: size }, (_, at) => Hostile.user(`DU${at}`)(dice)),
    bypass_codes: hasAllCodes === undefined
      ? []
      : Array.from({ length: 400 }, (_, at) => Hostile.bypassCode(`DB${at}`, size)(dice)),
    admins: Array.from({ length: 1000 }, (_, at) => Hostile.admin(`DE${at}`)(dice))
  }
}

/** The objects in a list of answers, except refused answers. */
const read = <A extends object>(
  answers: ReadonlyArray<string>,
  decode: (response: unknown) => Result.Result<{ readonly values: ReadonlyArray<A> }, unknown>
): ReadonlyArray<A> =>
  answers.flatMap((text) => {
    const answer: unknown = JSON.parse(text)
    const response: unknown = typeof answer === "object" && answer !== null ? Reflect.get(answer, "response") : null
    replaceHalves(response)
    const decoded = decode(response)
    return Result.isSuccess(decoded) ? decoded.success.values : []
  })

/** One run with damaged pages, and with users as odd as real ones. */
const fuzzed = (seed: number): Reading => {
  const dice = new Dice(seed)
  const pages = [JSON.stringify({ response: [odd, cut] }), ...Array.from({ length: 3000 }, () => userPage(dice).text)]
  const codes = Array.from({ length: 500 }, () => codePage(dice).text)
  return {
    stamp: { run_id: "fuzzed", observed_at: 1_793_500_000_000_000n, tenant: "fuzzed" },
    hasAllCodes: true,
    users: read(pages, decodeUsers).map((user, at) => ({ ...user, user_id: `DU${at}` })),
    bypass_codes: read(codes, decodeBypassCodes).map((code, at) => ({ ...code, bypass_code_id: `DB${at}` })),
    admins: []
  }
}

const readings = [hostile(1, true), hostile(2, false), hostile(3, undefined), fuzzed(4)]

/** The rows that the TypeScript code makes of them. */
const expected = readings.map(({ admins, bypass_codes, hasAllCodes, stamp, users }) => {
  const of = {
    users: Result.getOrThrow(decodeUsers(users)),
    bypass_codes: Result.getOrThrow(decodeBypassCodes(bypass_codes)),
    admins: Result.getOrThrow(decodeAdmins(admins))
  }
  const tally = MfaTally.make(stamp, { hasAllCodes: hasAllCodes === true })
  const rows: Record<string, ReadonlyArray<Row>> = {
    ...tally.bypassCodes(of.bypass_codes),
    ...tally.users(of.users),
    ...AdminTally.make(stamp).admins(of.admins)
  }
  return { run_id: stamp.run_id, stamp, objects: of, rows }
})

/** How often each text occurs. */
const times = (texts: ReadonlyArray<string>) => {
  const counts: Record<string, number> = {}
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1
  return counts
}

class RunDatabase extends Context.Service<RunDatabase, DuckDb.Session>()("test/RunDatabase") {
  static readonly layer = Layer.effect(
    RunDatabase,
    Effect.gen(function*() {
      const session = yield* open(readings)
      for (const [pipeline, tables] of pipelines) yield* makeRows(session, pipeline, tables)
      return session
    })
  )
}

/** Two columns of a run as an object. */
const pairs = Effect.fnUntraced(function*(select: string, run_id: string, name: string, value: string) {
  const session = yield* RunDatabase
  const rows = yield* session.all(
    `SELECT ${name}, ${value} FROM (${select}) WHERE run_id = ${DuckDb.literal(run_id)}`
  )
  return Object.fromEntries(rows.map(([name, value]) => [String(name), Number(value)]))
})

layer(RunDatabase.layer.pipe(Layer.provide(NodeServices.layer)))("SQL makes of hostile objects", (it) => {
  for (const [pipeline, tables] of pipelines) {
    for (const table of tables) {
      it.effect(`the rows of ${table.name}`, () =>
        Effect.gen(function*() {
          const found = yield* rowsOf(yield* RunDatabase, table)
          assertRows(table, found, expected.flatMap(({ rows }) => rows[table.name] ?? []))
          assert.isAbove(found.length, 500)
        }))

      it.effect(`the names and types in the description of ${table.name}`, () =>
        Effect.gen(function*() {
          const session = yield* RunDatabase
          const found = yield* session.all(
            `SELECT column_name, column_type FROM (DESCRIBE ${selectOf(pipeline, table)}) ORDER BY ALL`
          )
          const described = table.columns.map(({ name, type }) => [
            name,
            DuckDb.types[type].replace("TZ", " WITH TIME ZONE")
          ])
          assert.deepStrictEqual(found, described.sort())
        }))
    }
  }

  it.effect("the sentences about unknown values, and how often each occurs", () =>
    Effect.gen(function*() {
      for (const { objects: { admins, bypass_codes, users }, run_id } of expected) {
        const nobodys = bypass_codes.values.filter(({ user }) => user === null)
        const mfa = yield* pairs(sql("pipelines/mfa/unknown.sql"), run_id, "what", "times")
        assert.deepStrictEqual(
          mfa,
          times([
            ...users.values.flatMap(unknownValues),
            ...nobodys.map(() => "bypass code without an owner, left out")
          ])
        )
        assert.isAbove(Object.keys(mfa).length, 50)
        assert.deepStrictEqual(
          yield* pairs(sql("pipelines/admins/unknown.sql"), run_id, "what", "times"),
          times(admins.values.flatMap(AdminTally.unknownValues))
        )
      }
    }))

  it.effect("the contradictions, and how often each occurs", () =>
    Effect.gen(function*() {
      const kinds = new Set<string>()
      for (const { objects: { users }, run_id, stamp } of expected) {
        const found = yield* pairs(sql("pipelines/mfa/contradictions.sql"), run_id, "what", "times")
        assert.deepStrictEqual(
          found,
          times(users.values.flatMap((user) => contradictionOf(flatten(stamp, user, null)) ?? []))
        )
        for (const what of Object.keys(found)) kinds.add(what)
      }
      assert.strictEqual(kinds.size, 2)
    }))

  it.effect("the number of objects in which a field has a value", () =>
    Effect.gen(function*() {
      const wire = { users: WireUser, bypass_codes: BypassCode, admins: Admin }
      const filledBy = { users: { aliases: "len(all_aliases(aliases, alias1, alias2, alias3, alias4)) > 0" } }
      for (const list of ["users", "bypass_codes", "admins"] as const) {
        const select = FieldCounts.select(list, columns(wire[list].fields), list === "users" ? filledBy[list] : {})
        for (const { objects, run_id } of expected) {
          const fields = Fields.make()
          fields.count(list, objects[list].values)
          const of = yield* pairs(select, run_id, "field", "\"of\"")
          const filled = yield* pairs(select, run_id, "field", "filled")
          const found = Object.fromEntries(
            Object.entries(of).map(([field, of]) => [field, { of, filled: filled[field] }])
          )
          assert.deepStrictEqual(found, fields.counted())
        }
      }
    }))

  it.effect("the counts of the summary", () =>
    Effect.gen(function*() {
      for (const { rows, run_id } of expected) {
        assert.deepStrictEqual(yield* pairs(sql("pipelines/mfa/counts.sql"), run_id, "name", "count"), {
          mfa_enabled: (rows["users"] ?? []).filter(({ mfa_enabled }) => mfa_enabled).length
        })
        assert.deepStrictEqual(yield* pairs(sql("pipelines/admins/counts.sql"), run_id, "name", "count"), {
          phishing_resistant: (rows["admins"] ?? []).filter((admin) => admin["has_phishing_resistant"]).length
        })
      }
    }))
})
